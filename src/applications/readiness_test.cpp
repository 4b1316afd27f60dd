#include "applications/readiness.hpp"

#include <gtest/gtest.h>

namespace dmaas::applications {
namespace {

Readiness of(const char* text) {
  return readiness_of(*parse_json(text));
}

void expect_waiting(const char* text, const char* reason) {
  EXPECT_EQ(of(text), (Readiness{ReadinessState::waiting, reason})) << text;
}
void expect_failed(const char* text, const char* reason) {
  EXPECT_EQ(of(text), (Readiness{ReadinessState::failed, reason})) << text;
}
void expect_ready(const char* text) {
  EXPECT_EQ(of(text).state, ReadinessState::ready) << text << of(text).reason;
}

TEST(ReadinessTest, DeploymentWaitsForUpdatedAndAvailableReplicas) {
  expect_waiting(R"({"kind":"Deployment","spec":{"replicas":3}})",
                 "not seen by its controller yet");
  expect_waiting(
      R"({"kind":"Deployment","spec":{"replicas":3},"status":{"observedGeneration":1,"updatedReplicas":3,"availableReplicas":1}})",
      "1 of 3 replicas available");
  expect_ready(R"({"kind":"Deployment","spec":{"replicas":0},"status":{"observedGeneration":1}})");
  expect_failed(
      R"({"kind":"Deployment","status":{"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"too slow"}]}})",
      "too slow");
}

TEST(ReadinessTest, StatusOlderThanTheSpecProvesNothing) {
  expect_waiting(
      R"({"kind":"StatefulSet","metadata":{"generation":2},"spec":{"replicas":1},"status":{"observedGeneration":1,"readyReplicas":1}})",
      "its controller has not seen the latest change yet");
}

TEST(ReadinessTest, StatefulSetCountsReadyReplicas) {
  expect_waiting(
      R"({"kind":"StatefulSet","spec":{"replicas":2},"status":{"observedGeneration":1,"readyReplicas":1}})",
      "1 of 2 replicas ready");
  expect_ready(
      R"({"kind":"StatefulSet","spec":{"replicas":2},"status":{"observedGeneration":1,"readyReplicas":2}})");
}

TEST(ReadinessTest, PodSaysWhyItDoesNotRun) {
  expect_waiting(
      R"({"kind":"Pod","status":{"phase":"Pending","containerStatuses":[{"name":"web","state":{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}]}})",
      "container web: ImagePullBackOff: no such image");
  expect_waiting(
      R"({"kind":"Pod","status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","message":"0/1 nodes"}]}})",
      "not scheduled: 0/1 nodes");
  expect_failed(R"({"kind":"Pod","status":{"phase":"Failed"}})", "the pod failed");
  expect_ready(R"({"kind":"Pod","status":{"phase":"Succeeded"}})");
}

TEST(ReadinessTest, ClaimJobServiceAndDefinition) {
  expect_waiting(R"({"kind":"PersistentVolumeClaim","status":{"phase":"Pending"}})",
                 "not bound yet");
  expect_failed(R"({"kind":"PersistentVolumeClaim","status":{"phase":"Lost"}})",
                "its persistent volume is gone");
  expect_failed(
      R"({"kind":"Job","status":{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded"}]}})",
      "BackoffLimitExceeded");
  expect_ready(R"({"kind":"Job","spec":{"suspend":true}})");
  expect_ready(R"({"kind":"Job","status":{"active":1,"ready":1}})");
  expect_waiting(R"({"kind":"Job","status":{"active":1}})", "no pod of it runs yet");
  expect_waiting(R"({"kind":"Service","spec":{"type":"LoadBalancer"}})",
                 "no load balancer address yet");
  expect_waiting(R"({"kind":"CustomResourceDefinition"})", "not Established yet");
}

TEST(ReadinessTest, CustomResourcesAreJudgedByTheirReadyConditionIfAny) {
  expect_ready(R"({"kind":"Cache"})");
  expect_waiting(
      R"({"kind":"Cache","status":{"conditions":[{"type":"Ready","status":"False","message":"starting"}]}})",
      "Ready is False: starting");
}

TEST(ReadinessTest, APlanThatCannotRunHereHoldsNoApplicationUp) {
  expect_ready(
      R"({"apiVersion":"dmaas.io/v1alpha1","kind":"BackupConfiguration",
          "status":{"conditions":[{"type":"Ready","status":"False","message":"paused"}]}})");
}

}  // namespace
}  // namespace dmaas::applications
