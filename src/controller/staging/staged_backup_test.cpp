#include "controller/staging/staged_backup.hpp"

#include <gmock/gmock.h>

#include "api/labels.hpp"

namespace dmaas::controller {
namespace {

using std::chrono::hours;
using testing::ElementsAre;

constexpr Timestamp start{hours{24 * 20000}};

StagedBackup backup_on_stage() {
  StagedBackup backup;
  backup.plan.metadata = {.name = "db", .namespace_name = "shop", .uid = "p"};
  backup.plan.spec.stage_and_verify_first =
      api::PlanStaging{.storage = {.name = "stage", .namespace_name = "s"}};
  backup.snapshot.metadata = {.name = "db-1", .namespace_name = "shop", .uid = "u1"};
  backup.snapshot.spec.repository = {.name = "db-stage"};
  backup.snapshot.spec.time = start;
  return backup;
}

api::CopySession session_to(std::string storage, api::CopyPhase phase, int age) {
  api::CopySession session;
  session.metadata.namespace_name = "shop";
  session.metadata.creation_time = start - hours{age};
  session.spec.storage = {.name = std::move(storage), .namespace_name = "s"};
  session.status.phase = phase;
  session.status.completion_time = start - hours{age};
  return session;
}

TEST(StagedBackupTest, WhatIsMadeForItHasNamesThatFollowFromIt) {
  auto backup = backup_on_stage();
  auto verification = staged_verification(backup, {});
  EXPECT_EQ(verification.metadata.name, staged_verification(backup, {}).metadata.name);
  EXPECT_EQ(verification.spec.snapshot, "db-1");
  EXPECT_EQ(verification.spec.repository.name, "db-stage");
  auto copy = staged_copy(backup, {"s", "a"}, 0);
  EXPECT_EQ(copy.metadata.name, staged_copy(backup, {"s", "a"}, 0).metadata.name);
  EXPECT_NE(copy.metadata.name, staged_copy(backup, {"s", "b"}, 0).metadata.name);
  EXPECT_NE(copy.metadata.name, staged_copy(backup, {"s", "a"}, 1).metadata.name);
  EXPECT_EQ(copy.spec.cause, api::CopyCause::staging);
  EXPECT_THAT(copy.spec.backups.snapshots, ElementsAre("db-1"));
  EXPECT_EQ(copy.metadata.labels.at(std::string(api::label::staged_backup)), "u1");
  backup.snapshot.metadata.uid = "u2";
  EXPECT_NE(staged_copy(backup, {"s", "a"}, 0).metadata.name, copy.metadata.name);
}

TEST(StagedBackupTest, OnlyTheStorageItNamesIsTheStage) {
  auto plan = backup_on_stage().plan;
  EXPECT_TRUE(is_stage(plan, {"s", "stage"}));
  EXPECT_FALSE(is_stage(plan, {"s", "main"}));
  plan.spec.stage_and_verify_first->storage.namespace_name.clear();
  EXPECT_TRUE(is_stage(plan, {"shop", "stage"}));
  plan.spec.stage_and_verify_first.reset();
  EXPECT_FALSE(is_stage(plan, {"s", "stage"}));
}

TEST(StagedBackupTest, ACopyStandsWhereItsNewestSessionDoesUnlessOneHasSucceeded) {
  auto copies = copies_of(
      {{"s", "a"}, {"s", "b"}, {"s", "c"}},
      {session_to("a", api::CopyPhase::succeeded, 3), session_to("a", api::CopyPhase::failed, 1),
       session_to("b", api::CopyPhase::failed, 3), session_to("b", api::CopyPhase::copying, 1)});
  ASSERT_EQ(copies.size(), 3u);
  EXPECT_EQ(copies[0].state, CopyState::succeeded);
  EXPECT_EQ(copies[0].attempts, 2);
  EXPECT_EQ(copies[1].state, CopyState::running);
  EXPECT_EQ(copies[2].state, CopyState::none);
}

}  // namespace
}  // namespace dmaas::controller
