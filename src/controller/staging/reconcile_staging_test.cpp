#include "controller/staging/reconcile_staging.hpp"

#include <gmock/gmock.h>

#include "api/repository.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const kube::ObjectKey backup_key{"shop", "db-1"};

/// A plan that stages on s/stage and keeps on s/a, with one backup on the stage.
class ReconcileStagingTest : public testing::Test {
protected:
  ReconcileStagingTest() {
    for (auto name : {"stage", "a"}) {
      api::BackupStorage storage;
      storage.metadata = {.name = name, .namespace_name = "s"};
      storage.spec.backend.local = api::LocalBackend{"/srv"};
      storage.spec.recovery_password_secret.name = "r";
      storage.spec.usage.namespaces = api::UsageScope::all;
      memory_.storages.apply(api::encode(storage));
    }
    api::BackupConfiguration plan;
    plan.metadata = {.name = "db", .namespace_name = "shop", .uid = "plan-uid"};
    plan.spec.targets = {{.name = "db", .all_objects = true}};
    plan.spec.runs = {{.name = "backup"}};
    plan.spec.storages = {{.storage = {"a", "s"}}};
    plan.spec.stage_and_verify_first = api::PlanStaging{.storage = {"stage", "s"}};
    memory_.plans.apply(api::encode(plan));
    api::Repository repository;
    repository.metadata = {.name = "db-stage", .namespace_name = "shop"};
    repository.spec = {.storage = api::NamespacedReference{"stage", "s"},
                       .path = "east/ns/shop/db"};
    memory_.repositories.apply(api::encode(repository));
    seed_backup(minutes{5});
  }

  void seed_backup(std::chrono::nanoseconds age) {
    api::Snapshot backup;
    backup.metadata = {.name = backup_key.name, .namespace_name = backup_key.namespace_name};
    backup.spec = {.repository = {.name = "db-stage"},
                   .snapshot_id = std::string(64, 'a'),
                   .time = std::chrono::floor<std::chrono::seconds>(now_ - age),
                   .run = "backup"};
    backup.status.complete = true;
    backup.status.plan = "shop/db";
    backup.status.cluster = api::ClusterIdentity{"east", "0123456789"};
    auto seeded = server_.seed(snapshots_, api::encode(backup));
    memory_.snapshots.apply(seeded);
  }

  /// One look by a controller that has just started.
  void step() {
    StagingReconciler reconciler{memory_.world};
    auto action = reconciler.reconcile(*server_.peek(snapshots_, backup_key), {});
    EXPECT_TRUE(action) << action.error().message();
    if (auto written = server_.peek(snapshots_, backup_key)) memory_.snapshots.apply(*written);
  }
  template <class Kind, class Phase>
  void end_all(Phase phase, const std::string& message = "") {
    const auto resource = api::kind_info<Kind>().resource();
    for (const auto& object : server_.peek_all(resource)) {
      auto session = *api::decode<Kind>(object);
      if (is_final(session.status.phase)) continue;
      session.status.phase = phase;
      session.status.message = message;
      session.status.completion_time = now_;
      ASSERT_TRUE(server_.replace(resource, api::encode(session), {.subresource = "status"}, {}));
    }
  }
  std::vector<std::string> copied_to() {
    std::vector<std::string> storages;
    for (const auto& object : server_.peek_all(api::kind_info<api::CopySession>().resource()))
      storages.push_back(text_at(object, "spec", "storageRef", "name"));
    return storages;
  }
  std::size_t verifications() {
    return server_.peek_all(api::kind_info<api::VerificationSession>().resource()).size();
  }
  std::optional<kube::Condition> staging() {
    return kube::find_condition(*server_.peek(snapshots_, backup_key), "StagingPassed");
  }

  const Timestamp now_ = system_clock().now();
  const kube::Resource snapshots_ = api::kind_info<api::Snapshot>().resource();
  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
};

TEST_F(ReconcileStagingTest, ABackupIsVerifiedOnceAndNotCopiedMeanwhile) {
  step();
  step();
  EXPECT_EQ(verifications(), 1u);
  EXPECT_THAT(copied_to(), IsEmpty());
  EXPECT_FALSE(staging());
}

TEST_F(ReconcileStagingTest, WhatPassedIsCopiedOnceToEachStorage) {
  step();
  end_all<api::VerificationSession>(api::VerificationPhase::succeeded);
  step();
  step();
  EXPECT_THAT(copied_to(), ElementsAre("a"));
  EXPECT_EQ(staging()->status, kube::ConditionStatus::yes);
  EXPECT_THAT(staging()->message, HasSubstr("being copied to s/a"));
  end_all<api::CopySession>(api::CopyPhase::succeeded);
  step();
  EXPECT_THAT(copied_to(), ElementsAre("a"));
  EXPECT_EQ(staging()->reason, "Copied");
  EXPECT_EQ(verifications(), 1u);
}

TEST_F(ReconcileStagingTest, WhatWasCopiedIsNotCopiedAgainWhenItsSessionIsForgotten) {
  step();
  end_all<api::VerificationSession>(api::VerificationPhase::succeeded);
  step();
  end_all<api::CopySession>(api::CopyPhase::succeeded);
  step();
  const auto resource = api::kind_info<api::CopySession>().resource();
  for (const auto& object : server_.peek_all(resource))
    ASSERT_TRUE(server_.remove(resource, kube::key_of(object), {}, {}));
  step();
  EXPECT_THAT(copied_to(), IsEmpty());
  EXPECT_EQ(staging()->reason, "Copied");
}

TEST_F(ReconcileStagingTest, WhatFailedIsCopiedNowhereEvenWhenTheSessionIsForgotten) {
  step();
  end_all<api::VerificationSession>(api::VerificationPhase::failed, "the page is empty");
  step();
  EXPECT_EQ(staging()->status, kube::ConditionStatus::no);
  EXPECT_THAT(staging()->message, HasSubstr("the page is empty"));
  const auto resource = api::kind_info<api::VerificationSession>().resource();
  for (const auto& object : server_.peek_all(resource))
    ASSERT_TRUE(server_.remove(resource, kube::key_of(object), {}, {}));
  step();
  EXPECT_THAT(copied_to(), IsEmpty());
  EXPECT_EQ(verifications(), 0u) << "one verdict is enough";
}

TEST_F(ReconcileStagingTest, ACopyThatFailedIsTriedAgainUnderAnotherName) {
  step();
  end_all<api::VerificationSession>(api::VerificationPhase::succeeded);
  step();
  end_all<api::CopySession>(api::CopyPhase::failed);
  step();
  EXPECT_THAT(copied_to(), ElementsAre("a")) << "not at once";
  const auto resource = api::kind_info<api::CopySession>().resource();
  auto session = *api::decode<api::CopySession>(server_.peek_all(resource).front());
  session.status.completion_time = now_ - minutes{2};
  ASSERT_TRUE(server_.replace(resource, api::encode(session), {.subresource = "status"}, {}));
  step();
  EXPECT_THAT(copied_to(), ElementsAre("a", "a"));
}

TEST_F(ReconcileStagingTest, AnOldBackupStaysUntilItIsCopiedAndThenExpires) {
  seed_backup(hours{30});
  step();
  end_all<api::VerificationSession>(api::VerificationPhase::succeeded);
  step();
  step();
  EXPECT_FALSE(kube::is_terminating(*server_.peek(snapshots_, backup_key)));
  end_all<api::CopySession>(api::CopyPhase::succeeded);
  step();
  auto left = *server_.peek(snapshots_, backup_key);
  EXPECT_TRUE(kube::is_terminating(left));
  EXPECT_EQ(text_at(left, "spec", "deletionPolicy"), "Delete") << "it is erased from the stage";
  EXPECT_THAT(copied_to(), IsEmpty());
  EXPECT_EQ(verifications(), 0u);
}

TEST_F(ReconcileStagingTest, AMissingVerifierKeepsItOnTheStage) {
  auto plan = *api::decode<api::BackupConfiguration>(*memory_.plans.all().front());
  plan.spec.stage_and_verify_first->verifier = api::LocalReference{"absent"};
  memory_.plans.apply(api::encode(plan));
  step();
  EXPECT_EQ(verifications(), 0u);
  EXPECT_EQ(staging()->status, kube::ConditionStatus::unknown);
  EXPECT_THAT(staging()->message, HasSubstr("BackupVerifier shop/absent does not exist"));
  plan.spec.stage_and_verify_first->verifier.reset();
  memory_.plans.apply(api::encode(plan));
  step();
  EXPECT_EQ(verifications(), 1u);
}

TEST_F(ReconcileStagingTest, BackupsOnThePlansStoragesAreLeftAlone) {
  api::Repository repository;
  repository.metadata = {.name = "db-stage", .namespace_name = "shop"};
  repository.spec = {.storage = api::NamespacedReference{"a", "s"}, .path = "east/ns/shop/db"};
  memory_.repositories.apply(api::encode(repository));
  step();
  EXPECT_EQ(verifications(), 0u);
}

}  // namespace
}  // namespace dmaas::controller
