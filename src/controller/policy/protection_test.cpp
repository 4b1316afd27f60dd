#include "controller/policy/protection.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "api/labels.hpp"
#include "controller/policy/protected_condition.hpp"
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

  std::string condition_on(const std::string& name,
                           const kube::Resource& resource = stateful_sets) const {
    auto found = kube::find_condition(*server_.peek(resource, {"shop", name}), protected_condition);
    if (!found) return "";
    return (found->status == kube::ConditionStatus::yes ? "True " : "False ") + found->reason +
           " " + found->message;
  }
  std::ptrdiff_t count_writes() const {
    return std::ranges::count(server_.calls(), kube::Verb::apply, &kube::RecordedCall::verb);
  }
  void drop_conditions(const kube::Resource& resource, const std::string& name) {
    auto object = *server_.peek(resource, {"shop", name});
    object.as_object()["status"] = JsonObject{{"replicas", 1}};
    ASSERT_TRUE(server_.replace(resource, object, {.subresource = "status"}, {}));
  }
  /// A kind of somebody's database, with one object `main`; conditions are a list of this type.
  void define_databases(std::string_view list_type) {
    auto definition =
        *parse_json(R"({"spec": {"versions": [{"name": "v1", "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"properties": {"status": {"properties": {"conditions": {
            "x-kubernetes-list-map-keys": ["type"]}}}}}}}]}})");
    const auto definitions = kube::resources::custom_resource_definitions();
    auto& object = definition.as_object();
    object["apiVersion"] = definitions.api_version();
    object["kind"] = definitions.kind;
    object["metadata"] = JsonObject{{"name", "databases.example.com"}};
    definition
        .at_pointer(
            "/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/conditions")
        .as_object()["x-kubernetes-list-type"] = list_type;
    server_.seed(definitions, definition);
    server_.set_discovery(kube::Discovery({{.resource = databases_, .preferred = true}}));
    server_.seed(databases_, kube::make_object(databases_, {"shop", "main"}));
  }
  static api::ObjectReference databases_reference() {
    return {.api_version = "example.com/v1", .kind = "Database", .name = "main"};
  }

  const kube::Resource databases_{.group = "example.com",
                                  .version = "v1",
                                  .plural = "databases",
                                  .kind = "Database",
                                  .namespaced = true};
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

TEST_F(ProtectionTest, AConditionSaysTheSame) {
  auto made = plan("p", "db");
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(condition_on("db"), "True Ready plan shop/p: the plan can run");
  made.status.conditions = plan("p", "db", api::reason::policy_violated).status.conditions;
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(condition_on("db"), "False Failed plan shop/p: something is wrong");
  ASSERT_TRUE(hide_protection(world_, made, {}));
  EXPECT_EQ(condition_on("db"), "");
}

TEST_F(ProtectionTest, AnotherLookWritesNothing) {
  auto made = plan("p", "db");
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(count_writes(), 2);
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(count_writes(), 2);
}

TEST_F(ProtectionTest, ADroppedConditionComesBackOnKindsOfKubernetesOnly) {
  define_databases("map");
  auto made = plan("p", "db");
  auto other = plan("o", "main");
  other.spec.targets[0].workload = databases_reference();
  ASSERT_TRUE(show_protection(world_, made, {}));
  ASSERT_TRUE(show_protection(world_, other, {}));
  EXPECT_NE(condition_on("main", databases_), "");
  drop_conditions(stateful_sets, "db");
  drop_conditions(databases_, "main");
  ASSERT_TRUE(show_protection(world_, made, {}));
  ASSERT_TRUE(show_protection(world_, other, {}));
  EXPECT_NE(condition_on("db"), "");
  EXPECT_EQ(condition_on("main", databases_), "");
  other.status.conditions = plan("o", "main", api::reason::paused).status.conditions;
  ASSERT_TRUE(show_protection(world_, other, {}));
  EXPECT_EQ(condition_on("main", databases_), "False Pending plan shop/o: something is wrong");
}

TEST_F(ProtectionTest, ItGoesFromACustomResourceWithThePlan) {
  define_databases("map");
  auto made = plan("p", "main");
  made.spec.targets[0].workload = databases_reference();
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_NE(condition_on("main", databases_), "");
  ASSERT_TRUE(hide_protection(world_, made, {}));
  EXPECT_EQ(condition_on("main", databases_), "");
}

TEST_F(ProtectionTest, AKindWhoseConditionsAreOneValueGetsNone) {
  define_databases("atomic");
  auto made = plan("p", "main");
  made.spec.targets[0].workload = databases_reference();
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(condition_on("main", databases_), "");
  auto object = *server_.peek(databases_, {"shop", "main"});
  EXPECT_EQ(kube::annotation_of(object, api::annotation::protection), "Ready");
}

TEST_F(ProtectionTest, WhoMayNotWriteTheStatusWritesTheAnnotations) {
  server_.set_fault([](const kube::RecordedCall& call) -> std::optional<Error> {
    if (call.subresource != "status") return std::nullopt;
    return Error(ErrorCode::permission_denied, "forbidden");
  });
  auto made = plan("p", "db");
  ASSERT_TRUE(show_protection(world_, made, {}));
  EXPECT_EQ(shown_on("db"), "Ready, plan shop/p: the plan can run");
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
