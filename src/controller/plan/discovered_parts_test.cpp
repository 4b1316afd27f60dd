#include "controller/plan/discovered_parts.hpp"

#include <gtest/gtest.h>

#include <functional>

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

}  // namespace
}  // namespace dmaas::controller
