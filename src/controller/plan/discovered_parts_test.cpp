#include "controller/plan/discovered_parts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace dmaas::controller {
namespace {

class DiscoveredPartsTest : public testing::Test {
protected:
  DiscoveredPartsTest() {
    plan_.targets = {{.name = "shop", .all_objects = true}};
    plan_.runs = {{.name = "nightly", .schedule = "0 3 * * *"}};
  }
  bool is_same_after(const std::function<void(api::BackupConfigurationSpec&)>& edit) const {
    auto edited = plan_;
    edit(edited);
    return discovered_parts(edited) == discovered_parts(plan_);
  }

  api::BackupConfigurationSpec plan_;
};

TEST_F(DiscoveredPartsTest, WhenRunsStartDoesNotMatter) {
  EXPECT_TRUE(is_same_after([](auto& plan) { plan.runs.front().schedule = "0 4 * * *"; }));
  EXPECT_TRUE(is_same_after([](auto& plan) { plan.paused = true; }));
  EXPECT_TRUE(is_same_after([](auto& plan) { plan.trigger.emplace(); }));
}

TEST_F(DiscoveredPartsTest, WhatIsReadAndHowItIsHeldStillDoes) {
  EXPECT_FALSE(is_same_after([](auto& plan) { plan.targets.front().all_objects = false; }));
  EXPECT_FALSE(is_same_after([](auto& plan) { plan.exclude_secrets = true; }));
  EXPECT_FALSE(
      is_same_after([](auto& plan) { plan.group_consistency = api::GroupConsistency::required; }));
  EXPECT_FALSE(is_same_after([](auto& plan) { plan.runs.front().targets = {"shop"}; }));
  EXPECT_FALSE(
      is_same_after([](auto& plan) { plan.runs.front().hooks.before = {{.name = "freeze"}}; }));
}

TEST(DiscoveryPeriodTest, ManyPlansDoNotLookInTheSameMinute) {
  std::map<std::int64_t, int> by_minute;
  for (int i = 0; i < 1500; ++i) {
    auto period = discovery_period_of(fmt::format("plan-{}", i));
    EXPECT_GT(period, std::chrono::minutes{45});
    EXPECT_LE(period, std::chrono::hours{1});
    ++by_minute[period / std::chrono::minutes{1}];
  }
  for (auto [minute, plans] : by_minute) EXPECT_LT(plans, 200) << minute;
  EXPECT_EQ(discovery_period_of("plan-1"), discovery_period_of("plan-1"));
}

}  // namespace
}  // namespace dmaas::controller
