#include "controller/maintenance/due_maintenance.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

using api::MaintenanceOutcome;
using std::chrono::hours;

const Timestamp created = *parse_timestamp("2026-03-10T12:00:00Z");
const Timestamp next_day = *parse_timestamp("2026-03-11T00:00:00Z");

DueMaintenance due_of(const api::MaintenanceStatus& status, const MaintenanceReasons& reasons,
                      Timestamp now) {
  auto due = find_due_maintenance({.schedule = "@daily"}, status, reasons, now);
  EXPECT_TRUE(due);
  return due.value_or(DueMaintenance{});
}

TEST(DueMaintenanceTest, TheFirstOneComesAfterTheRepositoryWasMade) {
  EXPECT_FALSE(due_of({}, {created}, next_day - hours{1}).is_due);
  EXPECT_EQ(due_of({}, {created}, next_day - hours{1}).next, next_day);
  EXPECT_TRUE(due_of({}, {created}, next_day).is_due);
}

TEST(DueMaintenanceTest, TheNextOneComesAfterTheLast) {
  api::MaintenanceStatus status{.outcome = MaintenanceOutcome::succeeded,
                                .completion_time = next_day + hours{2}};
  EXPECT_FALSE(due_of(status, {created}, next_day + hours{23}).is_due);
  EXPECT_TRUE(due_of(status, {created}, next_day + hours{24}).is_due);
}

TEST(DueMaintenanceTest, DeletedBackupsAreErasedAtOnce) {
  EXPECT_TRUE(due_of({}, {created, 1}, created).is_due);
}

TEST(DueMaintenanceTest, AFailureIsTriedAgainWhenItsPauseIsOver) {
  api::MaintenanceStatus status{.outcome = MaintenanceOutcome::failed,
                                .completion_time = next_day,
                                .postponed_until = next_day + hours{1}};
  EXPECT_FALSE(due_of(status, {created, 1}, next_day).is_due);
  EXPECT_EQ(due_of(status, {created, 1}, next_day).next, next_day + hours{1});
  EXPECT_TRUE(due_of(status, {created}, next_day + hours{1}).is_due);
}

TEST(DueMaintenanceTest, ANewRequestDoesNotWait) {
  api::MaintenanceStatus status{.outcome = MaintenanceOutcome::failed,
                                .completion_time = next_day,
                                .postponed_until = next_day + hours{1},
                                .last_request = "a"};
  EXPECT_FALSE(due_of(status, {created, 0, "a"}, next_day).is_due);
  EXPECT_TRUE(due_of(status, {created, 0, "b"}, next_day).is_due);
}

TEST(DueMaintenanceTest, AClockThatWasSetBackIsNotWaitedFor) {
  api::MaintenanceStatus status{.outcome = MaintenanceOutcome::succeeded,
                                .completion_time = next_day + hours{48}};
  EXPECT_TRUE(due_of(status, {created}, next_day).is_due);
  status = {.outcome = MaintenanceOutcome::failed,
            .completion_time = next_day,
            .postponed_until = next_day + hours{48}};
  EXPECT_TRUE(due_of(status, {created}, next_day).is_due);
}

TEST(DueMaintenanceTest, WithoutAScheduleNothingIsDueByItself) {
  auto due = find_due_maintenance({.schedule = ""}, {}, {created}, created + hours{1000});
  ASSERT_TRUE(due);
  EXPECT_FALSE(due->is_due);
  EXPECT_FALSE(due->next);
}

}  // namespace
}  // namespace dmaas::controller
