#include "controller/backup/plan_of_session.hpp"

#include <gtest/gtest.h>

namespace dmaas::controller {
namespace {

class PlanOfSessionTest : public testing::Test {
protected:
  PlanOfSessionTest() {
    plan_.metadata.name = "shop";
    plan_.spec.targets = {{.name = "shop", .all_objects = true}};
    plan_.spec.runs = {{.name = "nightly"}};
    plan_.spec.runs.front().hooks.after = {{.name = "thaw"}};
  }
  api::BackupConfiguration edited() const {
    auto plan = plan_;
    plan.metadata.generation = 2;
    plan.spec.targets.front().name = "other";
    plan.spec.runs.front().name = "hourly";
    return plan;
  }

  api::BackupConfiguration plan_;
  api::BackupSession session_;
};

TEST_F(PlanOfSessionTest, ASessionThatHasNotStartedFollowsThePlan) {
  auto plan = plan_of_session(session_, edited());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->spec.runs.front().name, "hourly");
}

TEST_F(PlanOfSessionTest, OneThatHasStartedGoesOnAsItBegan) {
  session_.status.plan_spec = to_json(plan_.spec).as_object();
  auto plan = plan_of_session(session_, edited());
  ASSERT_TRUE(plan);
  EXPECT_EQ(to_json(plan->spec), to_json(plan_.spec));
  EXPECT_EQ(plan->metadata.generation, 2);
}

TEST_F(PlanOfSessionTest, HooksAreLeftOutWhenTheApplicationIsStopped) {
  session_.spec.application_stopped = true;
  EXPECT_TRUE(plan_of_session(session_, plan_)->spec.runs.front().hooks.after.empty());
  session_.status.plan_spec = to_json(plan_.spec).as_object();
  EXPECT_TRUE(plan_of_session(session_, plan_)->spec.runs.front().hooks.after.empty());
}

}  // namespace
}  // namespace dmaas::controller
