#include "controller/plan/objectives.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Timestamp noon = *parse_timestamp("2026-03-04T12:00:00Z");
const api::PlanObjectives both{.recovery_point = hours{1}, .recovery_time = minutes{5}};

api::Condition judged(const Achievement& achievement, Timestamp now = noon) {
  return judge_objectives(both, achievement, now);
}

api::BackupSession session(api::BackupPhase phase, Timestamp start) {
  api::BackupSession made;
  made.status.phase = phase;
  made.status.start_time = start;
  return made;
}

TEST(NewestSuccessTest, IsRememberedWhenItsSessionIsGoneAndFailuresDoNotCount) {
  EXPECT_EQ(newest_success({}, {}, noon), std::nullopt);
  EXPECT_EQ(newest_success(noon - hours{1}, {}, noon), noon - hours{1});
  EXPECT_EQ(newest_success(noon - hours{1},
                           {session(api::BackupPhase::failed, noon - minutes{2}),
                            session(api::BackupPhase::succeeded, noon - minutes{3})},
                           noon),
            noon - minutes{3});
}

TEST(NewestSuccessTest, AClockThatWasAheadHidesNoBreach) {
  auto ahead = session(api::BackupPhase::succeeded, noon + hours{48});
  auto before = session(api::BackupPhase::succeeded, noon - hours{2});
  auto found = newest_success(noon + hours{48}, {ahead, before}, noon);
  EXPECT_EQ(found, noon - hours{2});
  EXPECT_EQ(judged({noon - hours{9}, found, minutes{4}}).status, api::ConditionStatus::no);
}

TEST(ObjectivesTest, MetWhenTheNewestBackupIsYoungAndTheLastVerificationWasFast) {
  auto condition = judged({noon - hours{9}, noon - minutes{59}, minutes{4}});
  EXPECT_EQ(condition.status, api::ConditionStatus::yes);
  EXPECT_EQ(condition.message,
            "the newest complete backup is of 2026-03-04T11:01:00Z, the recovery point objective "
            "is 1h; the last verification recovered in 4m, the recovery time objective is 5m");
}

TEST(ObjectivesTest, BreachedByAnOldBackupWithTheNumbers) {
  auto condition = judged({noon - hours{9}, noon - minutes{61}, minutes{4}});
  EXPECT_EQ(condition.status, api::ConditionStatus::no);
  EXPECT_EQ(condition.reason, "Breached");
  EXPECT_EQ(condition.message,
            "the newest complete backup is of 2026-03-04T10:59:00Z, the recovery point objective "
            "is 1h");
}

TEST(ObjectivesTest, BreachedByASlowRecoveryEvenWhenBackupsAreYoung) {
  auto condition = judged({noon - hours{9}, noon, minutes{6}});
  EXPECT_EQ(condition.status, api::ConditionStatus::no);
  EXPECT_EQ(condition.message,
            "the last verification recovered in 6m, the recovery time objective is 5m");
}

TEST(ObjectivesTest, APlanWithoutBackupHasAsLongAsItsRecoveryPointAllows) {
  EXPECT_EQ(judged({noon - minutes{59}, std::nullopt, minutes{1}}).status,
            api::ConditionStatus::yes);
  EXPECT_EQ(judged({noon - minutes{61}, std::nullopt, minutes{1}}).status,
            api::ConditionStatus::no);
}

TEST(ObjectivesTest, UnknownWhileTheTimeToRecoverWasNeverMeasured) {
  auto condition = judged({noon - hours{9}, noon, std::nullopt});
  EXPECT_EQ(condition.status, api::ConditionStatus::unknown);
  EXPECT_EQ(condition.reason, "NotMeasured");
}

TEST(ObjectivesTest, IsJudgedAgainWhenTheRecoveryPointRunsOut) {
  EXPECT_EQ(next_judgement(both, {noon, noon, std::nullopt}, noon),
            noon + hours{1} + std::chrono::seconds{1});
  EXPECT_FALSE(next_judgement(both, {noon, noon - hours{2}, std::nullopt}, noon));
  EXPECT_FALSE(next_judgement({.recovery_time = hours{1}}, {noon, noon, std::nullopt}, noon));
}

}  // namespace
}  // namespace dmaas::controller
