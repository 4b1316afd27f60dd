#include "applications/restore/dumps.hpp"

#include <gmock/gmock.h>

#include "api/backup_configuration.hpp"
#include "applications/testing/shop.hpp"

namespace dmaas::applications {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class DumpsTest : public testing::Test {
protected:
  DumpsTest() {
    plan_spec_.targets = {{.name = "shop", .all_objects = true}};
    plan_spec_.runs = {{.name = "backup"}};
    add("all", {"mariadb"});
  }

  void add(const std::string& name, std::vector<std::string> restore_command) {
    api::LogicalDump dump{.name = name,
                          .pod_selector = api::LabelSelector{.match_labels = {{"app", "db"}}},
                          .command = {"mariadb-dump"},
                          .restore_command = std::move(restore_command)};
    document_.components.push_back({.name = "dump/" + name,
                                    .kind = api::ComponentKind::dump,
                                    .snapshot_id = "0123456789abcdef",
                                    .namespace_name = "shop",
                                    .target = "shop",
                                    .bytes = 7,
                                    .dump = std::move(dump),
                                    .dump_file = "/" + name});
  }

  DumpPlan planned(RestoreOptions options = {}) {
    document_.plan_spec = to_json(plan_spec_).as_object();
    options.selection = to_selection(what_.objects, Secrets::keep);
    if (what_.data == api::RestoreData::data_only) options.scope = RestoreScope::claims;
    auto plan = plan_restore(backup_, test_discovery(), options, {});
    EXPECT_TRUE(plan) << plan.error().message();
    auto dumps = plan_dumps(document_, what_, *plan, backup_, {});
    EXPECT_TRUE(dumps) << dumps.error().message();
    return *std::move(dumps);
  }
  api::PlannedDump only(const RestoreOptions& options = {}) {
    auto plan = planned(options);
    EXPECT_THAT(plan.dumps, SizeIs(1));
    return plan.dumps.empty() ? api::PlannedDump() : plan.dumps.front();
  }

  MemoryFiles backup_ = back_up_shop();
  api::BackupConfigurationSpec plan_spec_;
  api::BackupDocument document_;
  api::RestoreSelection what_;
};

TEST_F(DumpsTest, ADumpGoesToTheWorkloadThatItCameFrom) {
  auto dump = only({.naming = {.namespaces = {{"shop", "copy"}}}});
  EXPECT_EQ(dump.component, "dump/all");
  EXPECT_EQ(dump.namespace_name, "copy");
  EXPECT_EQ(dump.file, "/all");
  EXPECT_EQ(dump.bytes, 7);
  ASSERT_TRUE(dump.target.workload);
  EXPECT_EQ(dump.target.workload->kind, "StatefulSet");
  EXPECT_EQ(dump.target.workload->name, "db");
  EXPECT_EQ(dump.target.workload->namespace_name, "");
  EXPECT_THAT(dump.target.namespaces, ElementsAre("copy"));
}

TEST_F(DumpsTest, InARestoreAsNewItGoesToTheCopy) {
  auto dump = only({.naming = {.prefix = "test-"}});
  EXPECT_EQ(dump.target.workload->name, "test-db");
  EXPECT_EQ(dump.dump.pod_selector->match_labels.at("app"), "test-db");
}

TEST_F(DumpsTest, AWorkloadThatThePlanNamedIsTheOne) {
  document_.components[0].dump->pod_selector.reset();
  plan_spec_.targets = {
      {.name = "shop", .workload = api::ObjectReference{.kind = "Deployment", .name = "web"}}};
  EXPECT_EQ(only().target.workload->name, "web");
}

TEST_F(DumpsTest, PodsThatAnOperatorMakesAreFoundByTheirLabels) {
  document_.components[0].dump->pod_selector->match_labels = {{"made-by", "operator"}};
  auto dump = only();
  EXPECT_FALSE(dump.target.workload);
  EXPECT_TRUE(dump.target.all_objects);
  EXPECT_EQ(dump.dump.pod_selector->match_labels.at("made-by"), "operator");
}

TEST_F(DumpsTest, WithoutACommandAPersonIsToldHow) {
  document_.components.clear();
  add("hand", {});
  auto plan = planned();
  EXPECT_THAT(plan.dumps, IsEmpty());
  EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("'dmaas repo dump 01234567 /hand'")));
}

TEST_F(DumpsTest, OnlyWhatIsAskedForIsPlayedBack) {
  add("users", {"mariadb"});
  what_.dumps = {"users"};
  EXPECT_EQ(only().component, "dump/users");
  what_.dumps.clear();
  what_.volumes = {"data-db-0"};
  EXPECT_THAT(planned().dumps, IsEmpty());
  what_.volumes.clear();
  what_.data = api::RestoreData::resources_only;
  EXPECT_THAT(planned().dumps, IsEmpty());
}

TEST_F(DumpsTest, OnlyDataGoesIntoTheApplicationThatIsThere) {
  plan_spec_.targets = {
      {.name = "shop", .workload = api::ObjectReference{.kind = "StatefulSet", .name = "db"}}};
  what_.data = api::RestoreData::data_only;
  EXPECT_EQ(only().target.workload->name, "db");
  // As new there is nothing yet, and the original must not get it.
  auto plan = planned({.naming = {.prefix = "test-"}});
  EXPECT_THAT(plan.dumps, IsEmpty());
  EXPECT_THAT(plan.left_out, SizeIs(1));
}

TEST_F(DumpsTest, ADumpWhoseWorkloadIsLeftOutIsLeftOutToo) {
  what_.objects.include = {{.kinds = {"ConfigMap"}}};
  auto plan = planned();
  EXPECT_THAT(plan.dumps, IsEmpty());
  ASSERT_THAT(plan.left_out, SizeIs(1));
  EXPECT_THAT(plan.left_out[0].message, HasSubstr("workload that it belongs to is not restored"));

  what_.objects.include = {{.kinds = {"StatefulSet"}}};
  EXPECT_EQ(only().target.workload->name, "db");
}

TEST(RestoreSelectionTest, AListOfOneKindOfDataLeavesTheOtherOut) {
  api::RestoreSelection what;
  EXPECT_TRUE(api::wants_volume(what, "data"));
  EXPECT_TRUE(api::wants_dump(what, "all"));
  what.dumps = {"all"};
  EXPECT_FALSE(api::wants_volume(what, "data"));
  EXPECT_TRUE(api::wants_dump(what, "all"));
  what.volumes = {"data"};
  EXPECT_TRUE(api::wants_volume(what, "data"));
}

}  // namespace
}  // namespace dmaas::applications
