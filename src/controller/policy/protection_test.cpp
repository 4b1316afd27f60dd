#include "controller/policy/protection.hpp"

#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "controller/testing/memory_world.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource stateful_sets = kube::resources::stateful_sets();

class ProtectionTest : public testing::Test {
protected:
  ProtectionTest() {
    for (auto name : {"db", "other"})
      server_.seed(stateful_sets, kube::make_object(stateful_sets, {"shop", name}));
  }

  static api::BackupConfiguration plan(const std::string& name, const std::string& workload,
                                       std::string_view reason = "") {
    api::BackupConfiguration made;
    made.metadata = {.name = name, .namespace_name = "shop", .uid = "uid-" + name};
    made.spec.targets = {{.name = "db"}};
    made.spec.runs = {{.name = "backup"}};
    made.spec.targets[0].workload = api::ObjectReference{.kind = "StatefulSet", .name = workload};
    made.status.conditions = {
        {.type = "Ready",
         .status = reason.empty() ? api::ConditionStatus::yes : api::ConditionStatus::no,
         .reason = std::string(reason),
         .message = reason.empty() ? "the plan can run" : "something is wrong"}};
    return made;
  }
  void keep(const api::BackupConfiguration& made) { memory_.plans.apply(api::encode(made)); }
  std::string shown_on(const std::string& workload) {
    auto object = server_.get(stateful_sets, {"shop", workload}, {});
    EXPECT_TRUE(object);
    auto state = kube::annotation_of(*object, api::annotation::protection);
    return state.empty()
               ? ""
               : state + ", " + kube::annotation_of(*object, api::annotation::protection_message);
  }

  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  World& world_ = memory_.world;
};

TEST_F(ProtectionTest, ShowsOnTheTargetWhatThePlanSays) {
  auto made = plan("p", "db");
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(shown_on("db"), "Ready, plan shop/p: the plan can run");
  made.status.conditions = plan("p", "db", api::reason::reference_missing).status.conditions;
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(shown_on("db"), "Pending, plan shop/p: something is wrong");
  made.status.conditions = plan("p", "db", api::reason::policy_violated).status.conditions;
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(shown_on("db"), "Failed, plan shop/p: something is wrong");
}

TEST_F(ProtectionTest, AnotherTargetLeavesNothingOnTheFirst) {
  auto made = plan("p", "db");
  ASSERT_TRUE(show_protection(world_, made, {}));
  made.spec.targets[0].workload->name = "other";
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(shown_on("db"), "");
  EXPECT_NE(shown_on("other"), "");
  ASSERT_TRUE(hide_protection(world_, made, {}));
  EXPECT_EQ(shown_on("other"), "");
}

TEST_F(ProtectionTest, OfSeveralPlansTheWorstCounts) {
  keep(plan("bad", "db", api::reason::invalid_spec));
  auto good = plan("good", "db");
  ASSERT_TRUE(show_protection(world_, good, {}));
  EXPECT_EQ(shown_on("db"), "Failed, plan shop/bad: something is wrong");
  auto bad = plan("bad", "db");
  ASSERT_TRUE(show_protection(world_, bad, {}));
  keep(good);
  ASSERT_TRUE(hide_protection(world_, bad, {}));
  EXPECT_EQ(shown_on("db"), "Ready, plan shop/good: the plan can run");
}

TEST_F(ProtectionTest, ATargetThatIsNotThereIsNotMade) {
  auto made = plan("p", "absent");
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_TRUE(server_.get(stateful_sets, {"shop", "absent"}, {}).failed_with(ErrorCode::not_found));
}

TEST_F(ProtectionTest, ASilentPlanShowsNothing) {
  auto made = plan("p", "db");
  made.metadata.labels.emplace(api::label::enforcement, "silent");
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(shown_on("db"), "");
}

}  // namespace
}  // namespace dmaas::controller
