#include "applications/restore/defuse.hpp"

#include <gtest/gtest.h>

#include "base/yaml.hpp"

namespace dmaas::applications {
namespace {

std::string_view reason(const char* group, const char* kind) {
  return reason_to_defuse({group, kind, {"shop", "it"}});
}
Json defused(const char* yaml) {
  auto object = *parse_yaml(yaml);
  defuse(object);
  return object;
}

TEST(DefuseTest, WhatReachesOutOfTheNamespaceIsLeftOut) {
  EXPECT_NE(reason("networking.k8s.io", "Ingress"), "");
  EXPECT_NE(reason("gateway.networking.k8s.io", "HTTPRoute"), "");
  EXPECT_NE(reason("networking.k8s.io", "NetworkPolicy"), "");
  EXPECT_NE(reason("autoscaling", "HorizontalPodAutoscaler"), "");
  EXPECT_NE(reason("dmaas.io", "BackupConfiguration"), "");
  EXPECT_NE(reason_to_defuse({"rbac.authorization.k8s.io", "ClusterRoleBinding", {"", "all"}}), "");
  EXPECT_NE(reason_to_defuse(
                {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", {"", "all"}}),
            "");
}

TEST(DefuseTest, WhatTheApplicationIsMadeOfIsTaken) {
  EXPECT_EQ(reason("apps", "StatefulSet"), "");
  EXPECT_EQ(reason("", "Service"), "");
  EXPECT_EQ(reason("", "PersistentVolumeClaim"), "");
  EXPECT_EQ(reason("batch", "CronJob"), "");
  EXPECT_EQ(reason("mariadb.example.com", "Cluster"), "");
}

TEST(DefuseTest, AServiceIsReachedOnlyInsideTheCluster) {
  auto service = defused(R"({apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop},
    spec: {type: LoadBalancer, externalIPs: [192.0.2.1], loadBalancerIP: 192.0.2.2,
           externalTrafficPolicy: Local, ports: [{port: 80, nodePort: 30080}]}})");
  EXPECT_EQ(to_text(*find(service, "spec")), R"({"type":"ClusterIP","ports":[{"port":80}]})");
  auto headless = defused(R"({apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop},
    spec: {clusterIP: None, ports: [{port: 3306}]}})");
  EXPECT_EQ(text_at(headless, "spec", "clusterIP"), "None");
}

TEST(DefuseTest, CronJobsAreSuspended) {
  auto job = defused("{apiVersion: batch/v1, kind: CronJob, spec: {schedule: '@daily'}}");
  EXPECT_TRUE(flag_at(job, "spec", "suspend"));
}

TEST(DefuseTest, CopiesDoNotDisplaceWhatRunsInProduction) {
  auto set = defused(R"({apiVersion: apps/v1, kind: StatefulSet,
    spec: {template: {spec: {priorityClassName: gold, priority: 7, containers: []}}}})");
  EXPECT_EQ(to_text(*find(set, "spec", "template", "spec")), R"({"containers":[]})");
  auto pod = defused("{apiVersion: v1, kind: Pod, spec: {priorityClassName: gold}}");
  EXPECT_EQ(to_text(*find(pod, "spec")), "{}");
}

}  // namespace
}  // namespace dmaas::applications
