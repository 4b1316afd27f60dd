#include "cli/migration/decide_migration.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::cli {
namespace {

using api::BackupPhase;
using api::StandbyPhase;

const Timestamp noon = *parse_timestamp("2026-01-02T12:00:00Z");

class DecideMigrationTest : public testing::Test {
protected:
  DecideMigrationTest() {
    scene_.record = {.standby_namespace = "dmaas-system", .standby = "shop-migration"};
    scene_.standby.emplace();
  }

  MigrationStep next() const {
    auto decision = decide_migration(scene_);
    EXPECT_TRUE(decision) << decision.error().message();
    return decision ? decision->step : MigrationStep::done;
  }
  std::string refusal() const {
    auto decision = decide_migration(scene_);
    return decision ? "" : decision.error().message();
  }
  static api::BackupSession session(BackupPhase phase, std::chrono::minutes age) {
    api::BackupSession made;
    made.status.phase = phase;
    made.status.start_time = noon - age;
    return made;
  }
  /// One more backup that was taken and has arrived.
  void round(std::int64_t written) {
    ++scene_.record.rounds;
    scene_.record.session = "round";
    scene_.session = session(BackupPhase::succeeded, std::chrono::minutes{10});
    scene_.standby->status.synced = api::StandbyBackup{.time = scene_.session->status.start_time};
    scene_.standby->status.last_sync =
        api::StandbySync{.bytes_total = 1000, .bytes_written = written};
  }
  void stop_source() {
    round(10);
    round(10);
    scene_.record.is_stopping = true;
  }
  void take_last_backup() {
    stop_source();
    scene_.record.last_session = "last";
    scene_.last_session = session(BackupPhase::succeeded, std::chrono::minutes{1});
  }
  void activate() {
    take_last_backup();
    auto& standby = *scene_.standby;
    standby.spec.activate = true;
    standby.status.active = api::StandbyBackup{.time = scene_.last_session->status.start_time};
    standby.status.activation_time = noon;
    standby.status.data = api::StandbyData::changed;
  }

  MigrationScene scene_;
};

TEST_F(DecideMigrationTest, ABackupIsNamedBeforeItIsStartedAndWaitedFor) {
  EXPECT_EQ(next(), MigrationStep::name_round);
  scene_.record.session = "one";
  EXPECT_EQ(next(), MigrationStep::start_round);
  scene_.session = session(BackupPhase::moving, std::chrono::minutes{1});
  EXPECT_EQ(next(), MigrationStep::wait);
  scene_.session = session(BackupPhase::succeeded, std::chrono::minutes{1});
  EXPECT_EQ(next(), MigrationStep::wait) << "until it has arrived";
}

TEST_F(DecideMigrationTest, RoundsAreMadeUntilOneBringsLittleButNotForEver) {
  round(1000);
  EXPECT_EQ(next(), MigrationStep::name_round);
  round(500);
  EXPECT_EQ(next(), MigrationStep::name_round);
  scene_.record.rounds = 1;
  round(10);
  EXPECT_EQ(next(), MigrationStep::name_workloads);
  scene_.record.rounds = max_rounds - 1;
  round(900);
  EXPECT_EQ(next(), MigrationStep::name_workloads);
}

TEST_F(DecideMigrationTest, TheLastBackupIsTakenWhenNothingWritesAnyMore) {
  stop_source();
  scene_.running = {"shop/db-0"};
  EXPECT_EQ(next(), MigrationStep::stop_source);
  scene_.running.clear();
  EXPECT_EQ(next(), MigrationStep::name_last_backup);
  scene_.record.last_session = "last";
  EXPECT_EQ(next(), MigrationStep::start_last_backup);
  scene_.last_session = session(BackupPhase::succeeded, std::chrono::minutes{1});
  EXPECT_EQ(next(), MigrationStep::activate);
  scene_.running = {"shop/db-0"};
  EXPECT_EQ(next(), MigrationStep::stop_source) << "somebody has started it again";
}

TEST_F(DecideMigrationTest, ItIsDoneWhenTheApplicationRunsFromTheLastBackup) {
  activate();
  EXPECT_EQ(next(), MigrationStep::done);
  scene_.standby->status.active->time = noon - std::chrono::minutes{10};
  EXPECT_NE(refusal().find("older than the last one"), std::string::npos) << refusal();
}

TEST_F(DecideMigrationTest, WithGoalSyncedTheSourceIsNeverStopped) {
  scene_.record.goal = MigrationGoal::synced;
  round(1000);
  EXPECT_EQ(next(), MigrationStep::done);
}

TEST_F(DecideMigrationTest, StoppingGivesTheSourceItsReplicasBack) {
  take_last_backup();
  scene_.record.goal = MigrationGoal::stopped;
  EXPECT_EQ(next(), MigrationStep::start_source);
  scene_.record.is_stopping = false;
  EXPECT_EQ(next(), MigrationStep::pause);
  scene_.standby->spec.keep_data_in_sync = false;
  EXPECT_EQ(next(), MigrationStep::done);
}

TEST_F(DecideMigrationTest, ARollbackStopsTheDestinationFirst) {
  activate();
  scene_.record.goal = MigrationGoal::rolled_back;
  EXPECT_EQ(next(), MigrationStep::deactivate);
  scene_.standby->spec.activate = false;
  EXPECT_EQ(next(), MigrationStep::wait) << "its workloads are there still";
  scene_.standby->status.active.reset();
  scene_.standby->status.activation_time.reset();
  EXPECT_EQ(next(), MigrationStep::start_source);
}

TEST_F(DecideMigrationTest, WhatWasWrittenAtTheDestinationIsNotOverwrittenUnasked) {
  round(10);
  scene_.standby->status.data = api::StandbyData::changed;
  EXPECT_NE(refusal().find("--discard-changes"), std::string::npos) << refusal();
  scene_.standby->spec.discard_changes = true;
  EXPECT_EQ(refusal(), "");
}

TEST_F(DecideMigrationTest, AFailedBackupIsForAPerson) {
  scene_.record.session = "one";
  scene_.session = session(BackupPhase::failed, std::chrono::minutes{1});
  scene_.session->status.message = "the bucket is full";
  EXPECT_NE(refusal().find("the bucket is full"), std::string::npos) << refusal();
}

TEST_F(DecideMigrationTest, WorkloadsGetAtTheDestinationWhatTheyHad) {
  api::RestoreChanges wanted;
  wanted.replicas = {{.name = "db", .replicas = 1}};
  scene_.record.workloads = {{.kind = "StatefulSet", .name = "db", .replicas = 3},
                             {.kind = "Deployment", .name = "web", .replicas = 2},
                             {.kind = "CronJob", .name = "nightly", .replicas = 1}};
  auto changes = as_it_was(wanted, scene_.record, "shop");
  ASSERT_EQ(changes.replicas.size(), 2U);
  EXPECT_EQ(changes.replicas[0].replicas, 1) << "what a person wants wins";
  EXPECT_EQ(changes.replicas[1].replicas, 2);
  EXPECT_EQ(changes.transformations.size(), 2U) << "the job and the plan";
  EXPECT_EQ(as_it_was(changes, scene_.record, "shop"), changes) << "repeating changes nothing";
}

}  // namespace
}  // namespace dmaas::cli
