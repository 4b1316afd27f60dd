#include "applications/restore/strip.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dmaas::applications {
namespace {

void expect_stripped(const char* before, const char* after) {
  Json object = *parse_json(before);
  strip(object);
  EXPECT_EQ(to_canonical_text(object), to_canonical_text(*parse_json(after)));
}

TEST(StripTest, RemovesWhatTheServerWroteIntoAnyObject) {
  expect_stripped(
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"1","generation":2,
    "creationTimestamp":"t","deletionTimestamp":"t","deletionGracePeriodSeconds":3,"selfLink":"/x","generateName":"g","managedFields":[],
    "ownerReferences":[{}],"finalizers":["f"],"labels":{"k":"v"}},"data":{"x":"y"},"status":{}})",
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"n","labels":{"k":"v"}},"data":{"x":"y"}})");
}

TEST(StripTest, ARestoredObjectDoesNotSayThatItIsProtected) {
  expect_stripped(
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","annotations":{"dmaas.io/policy":"gold",
    "dmaas.io/protection":"Ready","dmaas.io/protection-message":"plan shop/a: the plan can run"}}})",
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","annotations":{"dmaas.io/policy":"gold"}}})");
}

TEST(StripTest, ServiceLosesAddressesAndPortsThatTheServerChose) {
  expect_stripped(
      R"({"apiVersion":"v1","kind":"Service","metadata":{},"spec":{"type":"LoadBalancer","clusterIP":"10.1.2.3","clusterIPs":["10.1.2.3"],
    "healthCheckNodePort":30001,"ports":[{"port":80,"nodePort":31234}]}})",
      R"({"apiVersion":"v1","kind":"Service","metadata":{},"spec":{"type":"LoadBalancer","ports":[{"port":80}]}})");
  expect_stripped(
      R"({"apiVersion":"v1","kind":"Service","metadata":{},"spec":{"clusterIP":"None","clusterIPs":["None"]}})",
      R"({"apiVersion":"v1","kind":"Service","metadata":{},"spec":{"clusterIP":"None","clusterIPs":["None"]}})");
}

TEST(StripTest, ServiceKeepsPortsThatAPersonChose) {
  Json by_record = *parse_json(
      R"({"apiVersion":"v1","kind":"Service","metadata":{"managedFields":[{"fieldsV1":{"f:spec":{"f:ports":
    {"k:{\"port\":80,\"protocol\":\"TCP\"}":{"f:nodePort":{}}}}}}]},"spec":{"ports":[{"port":80,"protocol":"TCP","nodePort":31234},{"port":81,"nodePort":31235}]}})");
  strip(by_record);
  EXPECT_EQ(to_canonical_text(*find(by_record, "spec", "ports")),
            R"([{"nodePort":31234,"port":80,"protocol":"TCP"},{"port":81}])");
  Json by_text = *parse_json(
      R"({"apiVersion":"v1","kind":"Service","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":
    "{\"spec\":{\"ports\":[{\"port\":80,\"nodePort\":31234}]}}"}},"spec":{"ports":[{"port":80,"nodePort":31234}]}})");
  strip(by_text);
  EXPECT_EQ(to_canonical_text(*find(by_text, "spec", "ports")),
            R"([{"nodePort":31234,"port":80}])");
}

TEST(StripTest, ClaimForgetsItsVolume) {
  expect_stripped(
      R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"annotations":{"pv.kubernetes.io/bind-completed":"yes",
    "volume.kubernetes.io/selected-node":"n","volume.beta.kubernetes.io/storage-provisioner":"p","mine":"x"}},
    "spec":{"volumeName":"pv","dataSource":{},"dataSourceRef":{},"storageClassName":"s"},"status":{}})",
      R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"annotations":{"mine":"x"}},"spec":{"storageClassName":"s"}})");
}

TEST(StripTest, PodForgetsItsMachineAndTokens) {
  expect_stripped(
      R"({"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"nodeName":"n","priority":5,"serviceAccountName":"db","ephemeralContainers":[{}],
    "volumes":[{"name":"data"},{"name":"db-token-x1"},{"name":"kube-api-access-y2"}],
    "containers":[{"name":"c","volumeMounts":[{"name":"kube-api-access-y2"},{"name":"data"}]}]}})",
      R"({"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"serviceAccountName":"db","volumes":[{"name":"data"}],
    "containers":[{"name":"c","volumeMounts":[{"name":"data"}]}]}})");
}

TEST(StripTest, JobForgetsTheIdentityOfItsPodsUnlessAPersonChoseIt) {
  expect_stripped(
      R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"labels":{"controller-uid":"u","mine":"x"}},"spec":{"selector":{"matchLabels":{}},
    "template":{"metadata":{"labels":{"batch.kubernetes.io/controller-uid":"u","job-name":"j","app":"a"}}}}})",
      R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"labels":{"mine":"x"}},"spec":{"template":{"metadata":{"labels":{"app":"a"}}}}})");
  expect_stripped(
      R"({"apiVersion":"batch/v1","kind":"Job","metadata":{},"spec":{"manualSelector":true,"selector":{"matchLabels":{}}}})",
      R"({"apiVersion":"batch/v1","kind":"Job","metadata":{},"spec":{"manualSelector":true,"selector":{"matchLabels":{}}}})");
}

TEST(StripTest, TokensAreNotCarriedOver) {
  expect_stripped(
      R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"db"},"secrets":[{"name":"db-token-abcde"},{"name":"db-dockercfg-1"},{"name":"mine"}]})",
      R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"db"},"secrets":[{"name":"mine"}]})");
  expect_stripped(
      R"({"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/service-account-token","metadata":{"annotations":
    {"kubernetes.io/service-account.name":"db","kubernetes.io/service-account.uid":"u"}},"data":{"token":"x","ca.crt":"y","namespace":"z","mine":"w"}})",
      R"({"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/service-account-token","metadata":{"annotations":
    {"kubernetes.io/service-account.name":"db"}},"data":{"mine":"w"}})");
}

TEST(StripTest, OldFlagsOfDefinitionsAndWebhooksBecomeValid) {
  expect_stripped(
      R"({"kind":"CustomResourceDefinition","metadata":{},"spec":{"preserveUnknownFields":true,"versions":[{"schema":{"openAPIV3Schema":{}}}]}})",
      R"({"kind":"CustomResourceDefinition","metadata":{},"spec":{"preserveUnknownFields":false,
    "versions":[{"schema":{"openAPIV3Schema":{"x-kubernetes-preserve-unknown-fields":true}}}]}})");
  expect_stripped(
      R"({"kind":"ValidatingWebhookConfiguration","metadata":{},"webhooks":[{"sideEffects":"Some"},{"sideEffects":"NoneOnDryRun"}]})",
      R"({"kind":"ValidatingWebhookConfiguration","metadata":{},"webhooks":[{"sideEffects":"None"},{"sideEffects":"NoneOnDryRun"}]})");
}

TEST(StripTest, WhatHasEndedIsNotStartedAgain) {
  EXPECT_EQ(reason_not_restored(
                *parse_json(R"({"apiVersion":"v1","kind":"Pod","status":{"phase":"Succeeded"}})")),
            "the pod has ended");
  EXPECT_EQ(reason_not_restored(*parse_json(
                R"({"kind":"Job","status":{"conditions":[{"type":"Complete","status":"True"}]}})")),
            "the job has ended");
  EXPECT_EQ(reason_not_restored(*parse_json(R"({"kind":"Job","status":{}})")), "");
  EXPECT_NE(reason_not_restored(*parse_json(R"({"kind":"APIService","spec":{}})")), "");
}

TEST(StripTest, ToleratesDocumentsOfAnyShape) {
  for (
      const char* text :
      {R"({"apiVersion":"v1","kind":"Service","spec":[],"metadata":3})",
       R"({"apiVersion":"v1","kind":"Pod","spec":{"volumes":{}}})", R"({"kind":"Job","spec":null})",
       R"({"kind":"CustomResourceDefinition","spec":{"preserveUnknownFields":true,"versions":[1]}})"}) {
    Json object = *parse_json(text);
    strip(object);
    EXPECT_TRUE(object.is_object());
  }
}

}  // namespace
}  // namespace dmaas::applications
