#include "api/object.hpp"

#include <gtest/gtest.h>

#include "api/kinds.hpp"
#include "base/yaml.hpp"

namespace dmaas::api {
namespace {

using namespace std::chrono_literals;

Json plan_document() {
  return *parse_yaml(R"(
apiVersion: dmaas.io/v1alpha1
kind: BackupConfiguration
metadata:
  name: shop
  namespace: web
  uid: 7b1c
  resourceVersion: "42"
  generation: 3
  creationTimestamp: "2026-01-02T03:04:05Z"
  labels: {team: a}
  finalizers: [dmaas.io/finalizer]
  managedFields: [{manager: kubectl}]
spec:
  targets:
    - name: mariadb
      workload: {apiVersion: apps/v1, kind: StatefulSet, name: mariadb}
      objects:
        exclude: [{kinds: [Secret], names: ["*-tls"]}]
      dumps:
        - name: all
          command: [mariadb-dump, --all-databases]
  runs:
    - name: nightly
      schedule: 0 3 * * *
      timeZone: Europe/Berlin
      timeout: 90m
      hooks:
        before:
          - name: flush
            exec: {command: [sync], pods: all}
            onFailure: continue
      futureField: kept
  storages:
    - storageRef: {name: main, namespace: dmaas-system}
  futureField: {a: 1}
status:
  lastSession: shop-nightly-1
)");
}

TEST(ObjectTest, DecodesAPlan) {
  auto plan = decode<BackupConfiguration>(plan_document());
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->metadata.key().text(), "web/shop");
  EXPECT_EQ(plan->metadata.generation, 3);
  EXPECT_TRUE(plan->metadata.creation_time);
  EXPECT_FALSE(plan->metadata.deletion_time);
  EXPECT_EQ(plan->spec.targets[0].workload->kind, "StatefulSet");
  EXPECT_EQ(plan->spec.targets[0].objects.exclude[0].names[0], "*-tls");
  const auto* run = plan->spec.find_run("nightly");
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(run->timeout, 90min);
  EXPECT_EQ(run->type, RunType::incremental);
  EXPECT_EQ(run->hooks.before[0].on_failure, HookFailure::go_on);
  EXPECT_EQ(plan->spec.storages[0].storage.key("web").text(), "dmaas-system/main");
  EXPECT_EQ(plan->status.last_session, "shop-nightly-1");
}

TEST(ObjectTest, KeepsWhatThisVersionDoesNotKnowWhenWritingBack) {
  auto plan = *decode<BackupConfiguration>(plan_document());
  plan.spec.paused = true;
  plan.metadata.labels["team"] = "b";
  auto document = encode(plan);
  EXPECT_EQ(number_at(document, "spec", "futureField", "a"), 1);
  EXPECT_TRUE(flag_at(document, "spec", "paused"));
  EXPECT_EQ(text_at(document, "metadata", "labels", "team"), "b");
  EXPECT_EQ(text_at(document, "metadata", "resourceVersion"), "42");
  EXPECT_EQ(items_at(document, "metadata", "managedFields").size(), 1U);
  EXPECT_EQ(text_at(document, "kind"), "BackupConfiguration");
  EXPECT_EQ(text_at(document, "apiVersion"), "dmaas.io/v1alpha1");
}

TEST(ObjectTest, NamesEveryProblemOfASpec) {
  auto document = plan_document();
  document.at("spec").at("runs").at(0).as_object()["type"] = "weekly";
  document.at("spec").at("targets").at(0).as_object()["name"] = "Maria DB";
  auto plan = decode<BackupConfiguration>(document);
  ASSERT_TRUE(plan.failed_with(ErrorCode::invalid_input));
  EXPECT_EQ(plan.error().message(),
            "spec.targets[0].name: 'Maria DB' must be lower-case letters, digits and '-', such as "
            "mariadb; "
            "spec.runs[0].type: must be one of full, incremental, not \"weekly\"");
}

TEST(ObjectTest, RequiresASpec) {
  auto document = plan_document();
  document.as_object().erase("spec");
  EXPECT_EQ(decode<BackupConfiguration>(document).error().message(),
            "spec.targets: is required; spec.runs: is required");
}

TEST(ObjectTest, RefusesAnotherKind) {
  EXPECT_EQ(decode<BackupStorage>(plan_document()).error().message(),
            "the document is not a BackupStorage of dmaas.io/v1alpha1");
}

TEST(ObjectTest, TakesAStatusThatBreaksARule) {
  auto document = plan_document();
  document.as_object()["status"] = *parse_json(R"({"runs":[{"nextTime":"2026-01-02T03:04:05Z"}]})");
  auto plan = decode<BackupConfiguration>(document);
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_TRUE(plan->status.runs[0].next_time);
}

TEST(ObjectTest, WritesAStatusAlone) {
  auto plan = *decode<BackupConfiguration>(plan_document());
  set_condition(plan.status.conditions,
                {.type = "Ready",
                 .status = ConditionStatus::yes,
                 .reason = "Scheduled",
                 .message = "next at 03:00"},
                *plan.metadata.creation_time);
  EXPECT_EQ(
      to_text(encode_status(plan)),
      R"({"apiVersion":"dmaas.io/v1alpha1","kind":"BackupConfiguration","metadata":{"namespace":"web","name":"shop"},)"
      R"("status":{"lastSession":"shop-nightly-1","conditions":[{"type":"Ready","status":"True",)"
      R"("lastTransitionTime":"2026-01-02T03:04:05Z","reason":"Scheduled","message":"next at 03:00"}]}})");
}

TEST(ObjectTest, MakesAFreshObjectFromStructs) {
  BackupSession session;
  session.metadata = {.name = "shop-full-1", .namespace_name = "web"};
  session.spec = {.plan = {"shop"}, .run = "full"};
  EXPECT_EQ(
      to_text(encode(session)),
      R"({"apiVersion":"dmaas.io/v1alpha1","kind":"BackupSession","metadata":{"name":"shop-full-1","namespace":"web"},)"
      R"("spec":{"planRef":{"name":"shop"},"run":"full"},"status":{"phase":"Pending","type":"incremental"}})");
}

TEST(ObjectTest, RefersToAnOwner) {
  auto owner = owner_reference_to(*decode<BackupConfiguration>(plan_document()));
  EXPECT_EQ(owner, (kube::OwnerReference{"dmaas.io/v1alpha1", "BackupConfiguration", "shop", "7b1c",
                                         true, true}));
}

}  // namespace
}  // namespace dmaas::api
