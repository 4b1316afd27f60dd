#include "controller/plan/next_run.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Timestamp at(std::string_view text) {
  return *parse_timestamp(text);
}

RunPast since(std::string_view text) {
  return {.plan_uid = "uid", .since = at(text)};
}
RunPast last(std::string_view text) {
  return {.plan_uid = "uid", .since = at("2025-12-01T00:00:30Z"), .last = at(text)};
}

const api::BackupRun hourly{.name = "hourly", .schedule = "0 * * * *"};
const api::BackupRun each_hour{.name = "each", .interval = hours{1}};

TEST(NextRunTest, MissedTimesAreMadeUpOnce) {
  auto due = *find_due_run(hourly, last("2026-01-01T00:00:00Z"), at("2026-01-01T05:30:00Z"));
  EXPECT_EQ(due.due, at("2026-01-01T05:00:00Z"));
  EXPECT_EQ(due.next, at("2026-01-01T06:00:00Z"));
}

TEST(NextRunTest, NothingIsDueBetweenTwoTimes) {
  api::BackupRun daily{.schedule = "@daily"};
  auto due = *find_due_run(daily, since("2026-01-01T00:00:00Z"), at("2026-01-01T23:59:00Z"));
  EXPECT_FALSE(due.due);
  EXPECT_EQ(due.next, at("2026-01-02T00:00:00Z"));
}

TEST(NextRunTest, WithoutScheduleThereIsNoNextTime) {
  auto due = *find_due_run({}, since("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
  EXPECT_FALSE(due.due);
  EXPECT_FALSE(due.next);
}

TEST(NextRunTest, ABadScheduleIsInvalidInput) {
  api::BackupRun run{.schedule = "61 * * * *"};
  EXPECT_EQ(find_due_run(run, {}, {}).code(), ErrorCode::invalid_input);
}

TEST(NextRunTest, AnIntervalBeginsAtOnceAndKeepsItsPace) {
  auto first = *find_due_run(each_hour, since("2026-01-01T00:17:05Z"), at("2026-01-01T00:17:09Z"));
  EXPECT_EQ(first.due, at("2026-01-01T00:17:05Z"));
  EXPECT_EQ(first.next, at("2026-01-01T01:17:05Z"));
  auto later = *find_due_run(each_hour, last("2026-01-01T00:17:05Z"), at("2026-01-01T01:20:00Z"));
  EXPECT_EQ(later.due, at("2026-01-01T01:17:05Z"));
  EXPECT_EQ(later.next, at("2026-01-01T02:17:05Z"));
}

TEST(NextRunTest, TheFirstOneIsAtOnceOrByItsTimeAsTheRunSays) {
  auto scheduled = each_hour;
  scheduled.first_run = api::FirstRun::scheduled;
  auto waits = *find_due_run(scheduled, since("2026-01-01T00:17:05Z"), at("2026-01-01T00:18:00Z"));
  EXPECT_FALSE(waits.due);
  EXPECT_EQ(waits.next, at("2026-01-01T01:17:05Z"));

  auto at_once = hourly;
  at_once.first_run = api::FirstRun::at_once;
  auto begins = *find_due_run(at_once, since("2026-01-01T00:17:05Z"), at("2026-01-01T00:18:00Z"));
  EXPECT_EQ(begins.due, at("2026-01-01T00:17:05Z"));
  EXPECT_EQ(begins.next, at("2026-01-01T01:00:00Z"));
}

TEST(NextRunTest, AClockThatJumpsTwoDaysAheadMakesUpOneStart) {
  for (const auto& run : {hourly, each_hour}) {
    auto due = *find_due_run(run, last("2026-01-01T00:00:00Z"), at("2026-01-03T00:30:00Z"));
    EXPECT_EQ(due.due, at("2026-01-03T00:00:00Z"));
    EXPECT_EQ(due.next, at("2026-01-03T01:00:00Z"));
  }
}

TEST(NextRunTest, AYearlyStartThatWasMissedLongAgoIsMadeUp) {
  api::BackupRun yearly{.schedule = "@yearly"};
  auto due = *find_due_run(yearly, last("2025-01-01T00:00:00Z"), at("2026-03-01T00:00:00Z"));
  EXPECT_EQ(due.due, at("2026-01-01T00:00:00Z"));
  EXPECT_EQ(due.next, at("2027-01-01T00:00:00Z"));
}

TEST(NextRunTest, AClockThatGoesBackALittleStartsNothingTwice) {
  for (const auto& run : {hourly, each_hour}) {
    auto due = *find_due_run(run, last("2026-01-01T05:00:00Z"), at("2026-01-01T04:59:58Z"));
    EXPECT_FALSE(due.due);
    EXPECT_FALSE(due.went_back_to);
    EXPECT_EQ(due.next, at("2026-01-01T06:00:00Z"));
  }
}

TEST(NextRunTest, AClockThatGoesBackTwoDaysGoesOnFromThereAtTheSamePace) {
  for (const auto& run : {hourly, each_hour}) {
    auto now = at("2026-01-01T03:30:00Z");
    auto due = *find_due_run(run, last("2026-01-03T05:00:00Z"), now);
    EXPECT_FALSE(due.due);
    EXPECT_EQ(due.next, at("2026-01-01T04:00:00Z"));
    ASSERT_TRUE(due.went_back_to);
    RunPast past{.plan_uid = "uid", .since = {}, .last = due.went_back_to};
    EXPECT_EQ(find_due_run(run, past, at("2026-01-01T04:00:01Z"))->due, at("2026-01-01T04:00:00Z"));
    EXPECT_EQ(find_due_run(run, past, at("2026-01-01T03:31:00Z"))->next,
              at("2026-01-01T04:00:00Z"));
  }
}

TEST(NextRunTest, WhenClocksChangeASkippedTimeRunsOnceAndARepeatedOneOnce) {
  api::BackupRun run{.schedule = "30 2 * * *", .time_zone = "Europe/Berlin"};
  auto skipped = *find_due_run(run, last("2026-03-28T01:30:00Z"), at("2026-03-29T12:00:00Z"));
  EXPECT_EQ(skipped.due, at("2026-03-29T01:00:00Z"));
  EXPECT_EQ(skipped.next, at("2026-03-30T00:30:00Z"));
  auto repeated = *find_due_run(run, last("2026-10-25T00:30:00Z"), at("2026-10-25T12:00:00Z"));
  EXPECT_FALSE(repeated.due);
  EXPECT_EQ(repeated.next, at("2026-10-26T01:30:00Z"));
}

TEST(NextRunTest, JitterDelaysTheStartAndNotTheScheduledTime) {
  auto run = hourly;
  run.jitter = minutes{10};
  auto time = at("2026-01-01T01:00:00Z");
  auto jitter = jitter_of(run, "uid", time);
  ASSERT_GT(jitter, std::chrono::seconds{0});
  auto past = last("2026-01-01T00:00:00Z");
  auto before = *find_due_run(run, past, time + jitter - std::chrono::seconds{1});
  EXPECT_FALSE(before.due);
  EXPECT_EQ(before.next, time + jitter);
  auto after = *find_due_run(run, past, time + jitter);
  EXPECT_EQ(after.due, time);
  EXPECT_EQ(after.start, time + jitter);
}

TEST(NextRunTest, JitterSpreadsPlansEvenlyAndIsTheSameEachTime) {
  auto run = hourly;
  run.jitter = minutes{10};
  auto time = at("2026-01-01T01:00:00Z");
  int early = 0;
  for (int plan = 0; plan < 500; ++plan) {
    auto jitter = jitter_of(run, std::to_string(plan), time);
    EXPECT_EQ(jitter, jitter_of(run, std::to_string(plan), time));
    EXPECT_LT(jitter, run.jitter);
    early += jitter < minutes{5} ? 1 : 0;
  }
  EXPECT_NEAR(early, 250, 50);
  EXPECT_NE(jitter_of(run, "uid", time), jitter_of(run, "uid", time + hours{1}));
}

}  // namespace
}  // namespace dmaas::controller
