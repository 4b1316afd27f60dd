#include "engine/retention/plan_retention.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::engine {
namespace {

std::vector<StoredSnapshot> snapshots_at(std::initializer_list<const char*> times) {
  std::vector<StoredSnapshot> snapshots;
  for (auto* time : times) {
    StoredSnapshot stored;
    stored.id.digest[0] = static_cast<std::uint8_t>(snapshots.size() + 1);
    stored.snapshot.time = *parse_timestamp(time);
    stored.snapshot.hostname = "host";
    snapshots.push_back(stored);
  }
  return snapshots;
}

std::vector<std::string> kept_times(const RetentionPlan& plan) {
  std::vector<std::string> times;
  for (const auto& kept : plan.keep) times.push_back(format_seconds(kept.stored.snapshot.time));
  return times;
}

using Times = std::vector<std::string>;

TEST(RetentionPlanTest, KeepsTheNewestOfEachDay) {
  auto plan = plan_retention(snapshots_at({"2026-01-01T01:00:00Z", "2026-01-01T23:00:00Z",
                                           "2026-01-02T05:00:00Z", "2026-01-03T00:00:00Z"}),
                             {.daily = 2});
  EXPECT_EQ(kept_times(plan), (Times{"2026-01-03T00:00:00Z", "2026-01-02T05:00:00Z"}));
  EXPECT_EQ(plan.remove.size(), 2u);
}

TEST(RetentionPlanTest, KeepsTheOldestWhileCountsAreLeft) {
  auto plan =
      plan_retention(snapshots_at({"2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"}), {.daily = 5});
  EXPECT_EQ(kept_times(plan), (Times{"2026-01-01T02:00:00Z", "2026-01-01T01:00:00Z"}));
}

TEST(RetentionPlanTest, MeasuresWithinFromTheNewestSnapshot) {
  auto plan = plan_retention(
      snapshots_at({"2020-01-01T00:00:00Z", "2020-01-03T00:00:00Z", "2020-01-03T12:00:00Z"}),
      {.within = std::chrono::hours{24}});
  EXPECT_EQ(kept_times(plan), (Times{"2020-01-03T12:00:00Z", "2020-01-03T00:00:00Z"}));
}

TEST(RetentionPlanTest, AnEmptyRuleRemovesNothing) {
  EXPECT_TRUE(plan_retention(snapshots_at({"2026-01-01T01:00:00Z"}), {}).remove.empty());
}

TEST(RetentionPlanTest, WeeksBeginOnMonday) {
  // 2026-01-04 is a Sunday, 2026-01-05 a Monday; the Saturday before is the oldest and not kept by
  // a used-up rule.
  auto plan = plan_retention(
      snapshots_at({"2026-01-03T12:00:00Z", "2026-01-04T12:00:00Z", "2026-01-05T12:00:00Z"}),
      {.weekly = 2});
  EXPECT_EQ(kept_times(plan), (Times{"2026-01-05T12:00:00Z", "2026-01-04T12:00:00Z"}));
}

TEST(RetentionPlanTest, KeepsWhatHasAllTagsOfOneList) {
  auto snapshots = snapshots_at({"2026-01-01T01:00:00Z", "2026-01-02T01:00:00Z"});
  snapshots[0].snapshot.tags = {"a", "b"};
  auto plan = plan_retention(snapshots, {.last = 1, .tags = {{"a", "b"}, {"c"}}});
  EXPECT_EQ(plan.keep.size(), 2u);
  EXPECT_EQ(plan.keep[1].reasons, (Times{"has tags [a,b]"}));
}

TEST(GroupSnapshotsTest, SeparatesHostsAndPaths) {
  auto snapshots =
      snapshots_at({"2026-01-01T01:00:00Z", "2026-01-02T01:00:00Z", "2026-01-03T01:00:00Z"});
  snapshots[1].snapshot.paths = {"/b", "/a"};
  snapshots[2].snapshot.paths = {"/a", "/b"};
  EXPECT_EQ(group_snapshots(snapshots, {}).size(), 2u);
  EXPECT_EQ(group_snapshots(snapshots, {.paths = GroupBy::Part::ignore}).size(), 1u);
}

}  // namespace
}  // namespace dmaas::engine
