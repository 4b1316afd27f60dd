#include "api/conditions.hpp"

#include <gtest/gtest.h>

namespace dmaas::api {
namespace {

using namespace std::chrono_literals;

const Timestamp start{std::chrono::sys_days{std::chrono::year{2026} / 1 / 2}};

Condition ready(ConditionStatus status, std::string reason) {
  return {.type = "Ready", .status = status, .reason = std::move(reason), .message = "m"};
}

TEST(ConditionsTest, StampsTheTransitionOnlyWhenTheStatusChanges) {
  Conditions conditions;
  EXPECT_TRUE(set_condition(conditions, ready(ConditionStatus::no, "Unreachable"), start));
  EXPECT_TRUE(set_condition(conditions, ready(ConditionStatus::no, "InvalidSpec"), start + 1min));
  EXPECT_EQ(find_condition(conditions, "Ready")->last_transition_time, start);
  EXPECT_TRUE(set_condition(conditions, ready(ConditionStatus::yes, "Reachable"), start + 2min));
  EXPECT_EQ(find_condition(conditions, "Ready")->last_transition_time, start + 2min);
  EXPECT_EQ(conditions.size(), 1U);
}

TEST(ConditionsTest, SaysWhenNothingChanged) {
  Conditions conditions;
  set_condition(conditions, ready(ConditionStatus::yes, "Reachable"), start);
  EXPECT_FALSE(set_condition(conditions, ready(ConditionStatus::yes, "Reachable"), start + 1h));
}

TEST(ConditionsTest, TellsTrueFromFalseUnknownAndAbsent) {
  Conditions conditions;
  EXPECT_FALSE(is_true(conditions, "Ready"));
  set_condition(conditions, ready(ConditionStatus::unknown, "InProgress"), start);
  EXPECT_FALSE(is_true(conditions, "Ready"));
  set_condition(conditions, ready(ConditionStatus::yes, "Reachable"), start);
  EXPECT_TRUE(is_true(conditions, "Ready"));
  remove_condition(conditions, "Ready");
  EXPECT_EQ(find_condition(conditions, "Ready"), nullptr);
}

}  // namespace
}  // namespace dmaas::api
