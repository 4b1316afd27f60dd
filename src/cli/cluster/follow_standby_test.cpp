#include "cli/cluster/follow_standby.hpp"

#include <gtest/gtest.h>

namespace dmaas::cli {
namespace {

api::Standby standby_in(api::StandbyPhase phase) {
  api::Standby standby;
  standby.metadata.generation = standby.status.observed_generation = 2;
  standby.status.phase = phase;
  standby.status.message = "it was seen";
  return standby;
}

TEST(FollowStandbyTest, WhatWasSeenBeforeTheChangeDoesNotCount) {
  auto standby = standby_in(api::StandbyPhase::active);
  standby.status.activation_time = Timestamp{};
  EXPECT_TRUE(has_reached(standby, StandbyGoal::active));
  standby.metadata.generation = 3;
  EXPECT_FALSE(has_reached(standby, StandbyGoal::active));
}

TEST(FollowStandbyTest, AFailureIsAnObstacleOnceItsSessionIsOver) {
  auto standby = standby_in(api::StandbyPhase::failed);
  EXPECT_EQ(obstacle_to(standby, StandbyGoal::active), "it was seen");
  standby.status.work.emplace();
  EXPECT_EQ(obstacle_to(standby, StandbyGoal::active), "");
}

TEST(FollowStandbyTest, ItIsInactiveOnceNothingOfTheApplicationIsLeft) {
  auto standby = standby_in(api::StandbyPhase::deactivating);
  standby.status.active.emplace();
  EXPECT_FALSE(has_reached(standby, StandbyGoal::inactive));
  standby.status.active.reset();
  EXPECT_TRUE(has_reached(standby, StandbyGoal::inactive));
}

}  // namespace
}  // namespace dmaas::cli
