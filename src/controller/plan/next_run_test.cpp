#include "controller/plan/next_run.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

Timestamp at(const char* text) {
  return *parse_timestamp(text);
}

TEST(NextRunTest, MissedTimesAreMadeUpOnce) {
  api::BackupRun run;
  run.schedule = "0 * * * *";
  auto due = *find_due_run(run, at("2026-01-01T00:00:00Z"), at("2026-01-01T05:30:00Z"));
  EXPECT_EQ(due.due, at("2026-01-01T05:00:00Z"));
  EXPECT_EQ(due.next, at("2026-01-01T06:00:00Z"));
}

TEST(NextRunTest, NothingIsDueBetweenTwoTimes) {
  api::BackupRun run;
  run.schedule = "@daily";
  auto due = *find_due_run(run, at("2026-01-01T00:00:00Z"), at("2026-01-01T23:59:00Z"));
  EXPECT_FALSE(due.due);
  EXPECT_EQ(due.next, at("2026-01-02T00:00:00Z"));
}

TEST(NextRunTest, WithoutScheduleThereIsNoNextTime) {
  EXPECT_FALSE(find_due_run({}, at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"))->next);
}

TEST(NextRunTest, ABadScheduleIsInvalidInput) {
  api::BackupRun run;
  run.schedule = "61 * * * *";
  EXPECT_EQ(find_due_run(run, {}, {}).code(), ErrorCode::invalid_input);
}

}  // namespace
}  // namespace dmaas::controller
