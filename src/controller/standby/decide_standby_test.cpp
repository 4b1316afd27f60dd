#include "controller/standby/decide_standby.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

using api::RestoreStage;
using api::StandbyData;
using api::StandbyTask;

const Timestamp noon = *parse_timestamp("2026-01-02T12:00:00Z");

api::StandbyBackup backup(const std::string& name, std::chrono::minutes age) {
  return {.name = name, .snapshot_id = name, .time = noon - age};
}

class DecideStandbyTest : public testing::Test {
protected:
  DecideStandbyTest() { scene_ = {.now = noon, .newest = backup("new", std::chrono::minutes{5})}; }

  StandbyMove next() const { return decide_standby(standby_, scene_).move; }
  void work(StandbyTask task, RestoreStage stage) {
    standby_.status.work = api::StandbyWork{.session = "s", .task = task};
    scene_.session.emplace();
    scene_.session->status.stage = stage;
  }
  void hold(const api::StandbyBackup& synced, StandbyData data = StandbyData::synced) {
    standby_.status.synced = synced;
    standby_.status.data = data;
  }

  api::Standby standby_;
  StandbyScene scene_;
};

TEST_F(DecideStandbyTest, ANewBackupIsBroughtAndThenTried) {
  EXPECT_EQ(next(), StandbyMove::sync);
  hold(backup("old", std::chrono::minutes{65}));
  EXPECT_EQ(next(), StandbyMove::sync);
  hold(*scene_.newest);
  EXPECT_EQ(next(), StandbyMove::check);
  standby_.status.checked = *scene_.newest;
  EXPECT_EQ(next(), StandbyMove::rest);
}

TEST_F(DecideStandbyTest, AnEmptyRepositoryIsWaitedFor) {
  scene_.newest.reset();
  EXPECT_EQ(next(), StandbyMove::rest);
}

TEST_F(DecideStandbyTest, WhatWasFilledInPartIsFilledAgainThoughTheBackupIsTheSame) {
  hold(*scene_.newest, StandbyData::partial);
  EXPECT_EQ(next(), StandbyMove::sync);
}

TEST_F(DecideStandbyTest, WithoutDataOnlyObjectsAreTried) {
  standby_.spec.keep_data_in_sync = false;
  EXPECT_EQ(next(), StandbyMove::check);
}

TEST_F(DecideStandbyTest, OneSessionIsWaitedForAndThenTaken) {
  work(StandbyTask::sync, RestoreStage::restoring_backups);
  EXPECT_EQ(next(), StandbyMove::wait);
  work(StandbyTask::sync, RestoreStage::failed);
  EXPECT_EQ(next(), StandbyMove::take);
  scene_.session.reset();
  EXPECT_EQ(next(), StandbyMove::take);
}

TEST_F(DecideStandbyTest, WhatFailedIsTriedAgainWhenItIsTime) {
  standby_.status.failed_task = StandbyTask::sync;
  standby_.status.retry_time = noon + std::chrono::minutes{1};
  auto decision = decide_standby(standby_, scene_);
  EXPECT_EQ(decision.move, StandbyMove::rest);
  EXPECT_EQ(decision.again, standby_.status.retry_time);
  scene_.now = *decision.again;
  EXPECT_EQ(next(), StandbyMove::sync);
}

TEST_F(DecideStandbyTest, AClockThatWasSetBackIsNotWaitedFor) {
  standby_.status.failed_task = StandbyTask::sync;
  standby_.status.retry_time = noon + std::chrono::hours{48};
  EXPECT_EQ(next(), StandbyMove::sync);
}

TEST_F(DecideStandbyTest, ObjectsThatAreRefusedHoldNoDataBack) {
  standby_.status.failed_task = StandbyTask::check;
  standby_.status.retry_time = noon + std::chrono::minutes{1};
  EXPECT_EQ(next(), StandbyMove::sync);
  hold(*scene_.newest);
  EXPECT_EQ(next(), StandbyMove::rest);
}

TEST_F(DecideStandbyTest, AnActivationDoesNotWaitForASynchronisation) {
  work(StandbyTask::sync, RestoreStage::restoring_backups);
  standby_.spec.activate = true;
  EXPECT_EQ(next(), StandbyMove::stop_work);
  standby_.status.work.reset();
  EXPECT_EQ(next(), StandbyMove::activate);
}

TEST_F(DecideStandbyTest, AnActivationNeedsNoNewBackup) {
  standby_.spec.activate = true;
  scene_.newest.reset();
  hold(backup("old", std::chrono::minutes{65}));
  EXPECT_EQ(next(), StandbyMove::activate);
}

TEST_F(DecideStandbyTest, NothingIsSynchronisedUnderARunningApplication) {
  standby_.spec.activate = true;
  hold(backup("old", std::chrono::minutes{65}), StandbyData::changed);
  standby_.status.active = standby_.status.synced;
  standby_.status.activation_time = noon;
  EXPECT_EQ(next(), StandbyMove::rest);
}

TEST_F(DecideStandbyTest, ADeactivationRemovesWhateverAnActivationHasMade) {
  standby_.status.active = backup("old", std::chrono::minutes{65});
  EXPECT_EQ(next(), StandbyMove::deactivate);
  // It had only begun.
  work(StandbyTask::activation, RestoreStage::restoring_backups);
  EXPECT_EQ(next(), StandbyMove::stop_work);
}

TEST_F(DecideStandbyTest, WhatTheApplicationWroteHereIsOverwrittenOnlyWhenAPersonSaysSo) {
  hold(backup("old", std::chrono::minutes{65}), StandbyData::changed);
  EXPECT_EQ(next(), StandbyMove::check);
  standby_.spec.discard_changes = true;
  EXPECT_EQ(next(), StandbyMove::sync);
}

}  // namespace
}  // namespace dmaas::controller
