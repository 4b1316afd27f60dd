#include "controller/backup/components.hpp"

#include <gmock/gmock.h>

#include "api/labels.hpp"
#include "applications/volume_method.hpp"

namespace dmaas::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ComponentsTest : public ::testing::Test {
protected:
  ComponentsTest() {
    plan_.metadata.namespace_name = "shop";
    plan_.spec.targets = {{.name = "db"}};
    storages_.resize(1);
    storages_[0].metadata = {.name = "main", .namespace_name = "dmaas-system"};
  }

  applications::Claim& add_block_claim() {
    applications::Claim claim;
    claim.key = {"shop", "raw"};
    claim.phase = "Bound";
    claim.volume_mode = "Block";
    claim.volume = *parse_json(R"({"spec":{"local":{"path":"/dev/loop7"},"nodeAffinity":{}}})");
    claim.target = "db";
    application_.claims.push_back(std::move(claim));
    return application_.claims.back();
  }
  PlannedComponents plan() const {
    return plan_components(plan_, plan_.spec.targets, application_, storages_);
  }
  static std::vector<std::string> names_of(const PlannedComponents& planned) {
    std::vector<std::string> names;
    for (const auto& component : planned.components) names.push_back(component.name);
    return names;
  }

  api::BackupConfiguration plan_;
  applications::Application application_;
  std::vector<api::BackupStorage> storages_;
};

TEST_F(ComponentsTest, DumpsAreComponentsAndObjectsComeLast) {
  plan_.spec.targets[0].dumps = {{.name = "all"}, {.name = "users"}};
  add_block_claim();
  EXPECT_THAT(names_of(plan()), ElementsAre("volume/raw", "dump/all", "dump/users", "resources"));
}

TEST_F(ComponentsTest, AVolumeIsShownWithTheTargetThatItBelongsTo) {
  add_block_claim();
  ASSERT_EQ(plan().volumes.size(), 1u);
  EXPECT_EQ(plan().volumes.front().target, "db");
}

TEST_F(ComponentsTest, ADumpIsFoundByTheNameOfItsComponent) {
  plan_.spec.targets.push_back({.name = "other", .dumps = {{.name = "users"}}});
  auto found = dump_of_component("dump/users", plan_.spec);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->target->name, "other");
  EXPECT_EQ(found->dump->name, "users");
  EXPECT_FALSE(dump_of_component("dump/gone", plan_.spec));
  EXPECT_FALSE(dump_of_component("volume/users", plan_.spec));
}

TEST_F(ComponentsTest, ASilentPlanPutsNoMoverBesideTheApplication) {
  auto& claim = add_block_claim();
  claim.volume = *parse_json(R"({"spec":{"csi":{"driver":"x","volumeHandle":"1"}}})");
  claim.attach = applications::AttachRequirement::required;
  ASSERT_EQ(applications::choose_mount(claim).place,
            applications::MountPlace::application_namespace);
  EXPECT_EQ(plan().obstacle, "");
  plan_.metadata.labels.emplace(api::label::enforcement, "silent");
  EXPECT_TRUE(plan().is_heard);
  EXPECT_THAT(plan().obstacle, HasSubstr("which is not silent"));
}

TEST_F(ComponentsTest, ARawBlockVolumeThatNobodyUsesIsRead) {
  add_block_claim();
  auto planned = plan();
  EXPECT_EQ(planned.obstacle, "");
  EXPECT_EQ(planned.components[0].volume_mode, "Block");
  EXPECT_THAT(planned.warnings, IsEmpty());
}

TEST_F(ComponentsTest, ARawBlockVolumeInUseIsReadOnlyWhenThePlanAsksForIt) {
  add_block_claim().users = {{.pod = "db-0", .uid = "u", .node = "east"}};
  EXPECT_THAT(plan().obstacle, HasSubstr("pod db-0 writes to this raw block volume"));

  plan_.spec.targets[0].volumes.method = api::VolumeMethod::mount;
  auto planned = plan();
  EXPECT_EQ(planned.obstacle, "");
  EXPECT_THAT(planned.warnings, SizeIs(1));
}

TEST_F(ComponentsTest, AFileSystemInUseIsRead) {
  auto& claim = add_block_claim();
  claim.volume_mode = "Filesystem";
  claim.users = {{.pod = "db-0", .uid = "u", .node = "east"}};
  EXPECT_EQ(plan().obstacle, "");
}

TEST_F(ComponentsTest, AClaimThatWasNeverBoundIsAWarning) {
  add_block_claim().phase = "Pending";
  EXPECT_EQ(plan().obstacle, "");
  EXPECT_THAT(plan().warnings, ElementsAre(HasSubstr("claim shop/raw is not bound")));
  EXPECT_THAT(names_of(plan()), ElementsAre("resources"));
}

TEST_F(ComponentsTest, AClaimThatLostItsVolumeStopsTheBackup) {
  auto& claim = add_block_claim();
  claim.phase = "Lost";
  claim.volume_name = "pv-1";
  EXPECT_THAT(plan().obstacle, HasSubstr("claim shop/raw has lost its volume pv-1"));
}

TEST_F(ComponentsTest, WhatKeepsTheApplicationFromBeingCompleteStopsTheBackup) {
  application_.obstacles = {"namespace shop is being deleted"};
  EXPECT_EQ(plan().obstacle, "namespace shop is being deleted");
}

api::Snapshot backup_at(std::int32_t position, std::chrono::seconds time) {
  api::Snapshot snapshot;
  snapshot.spec.time = Timestamp{time};
  snapshot.spec.snapshot_id = std::to_string(position);
  snapshot.status.complete = true;
  snapshot.status.chain_position = position;
  return snapshot;
}

/// Types and positions of the next `count` backups of a run: "f0 i1 i2 f0".
std::string chain(const api::BackupRun& run, int count) {
  std::string text;
  std::vector<api::Snapshot> snapshots;
  for (int i = 0; i < count; ++i) {
    auto link = next_link(run, {}, newest_of(snapshots));
    text += fmt::format("{}{}{}", text.empty() ? "" : " ",
                        link.type == api::RunType::full ? "f" : "i", link.position);
    snapshots.push_back(backup_at(link.position, std::chrono::seconds{i}));
  }
  return text;
}

TEST(ChainTest, AFullIsFollowedByIncrementalsUntilTheNextFullIsDue) {
  EXPECT_EQ(chain({.full_every = 3}, 7), "f0 i1 i2 f0 i1 i2 f0");
  EXPECT_EQ(chain({.full_every = 1}, 3), "f0 f0 f0");
}

TEST(ChainTest, WithoutACountOnlyTheFirstIsFull) {
  EXPECT_EQ(chain({}, 4), "f0 i1 i2 i3");
  EXPECT_EQ(chain({.type = api::RunType::full}, 3), "f0 f0 f0");
}

TEST(ChainTest, WhatASessionWantsCountsMoreThanTheRun) {
  auto newest = backup_at(7, {});
  EXPECT_EQ(next_link({.full_every = 3}, api::RunType::incremental, &newest).position, 8);
  EXPECT_EQ(next_link({}, api::RunType::full, &newest).position, 0);
}

TEST(ChainTest, ABackupThatIsGoneOrBeingErasedIsNoParent) {
  std::vector snapshots{backup_at(0, std::chrono::seconds{1}),
                        backup_at(1, std::chrono::seconds{2}),
                        backup_at(2, std::chrono::seconds{3})};
  snapshots[1].metadata.deletion_time = Timestamp{};
  snapshots[2].status.complete = false;
  EXPECT_EQ(parent_of("resources", snapshots), "0");
}

TEST(ChainTest, AComponentContinuesTheNewestBackupThatHasIt) {
  std::vector snapshots{backup_at(0, std::chrono::seconds{1}),
                        backup_at(1, std::chrono::seconds{2})};
  snapshots[0].status.components = {{.name = "volume/a", .snapshot_id = "a0"}};
  snapshots[1].status.components = {{.name = "volume/b", .snapshot_id = "b1"}};
  EXPECT_EQ(parent_of("volume/a", snapshots), "a0");
  EXPECT_EQ(parent_of("volume/b", snapshots), "b1");
  EXPECT_EQ(parent_of("volume/c", snapshots), "");
  EXPECT_EQ(parent_of("resources", snapshots), "1");
}

TEST(ChainTest, RunsOfOtherTargetsHaveChainsOfTheirOwn) {
  api::BackupConfigurationSpec plan;
  plan.targets = {{.name = "db"}, {.name = "web"}};
  plan.runs = {{.name = "all"}, {.name = "db", .targets = {"db"}}, {.name = "again"}};
  std::vector snapshots{backup_at(0, std::chrono::seconds{1}),
                        backup_at(1, std::chrono::seconds{2})};
  snapshots[0].spec.run = "all";
  snapshots[1].spec.run = "db";
  auto found = with_targets_of(plan, plan.runs[2], snapshots);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].spec.run, "all");
  EXPECT_EQ(with_targets_of(plan, plan.runs[1], snapshots)[0].spec.run, "db");
}

TEST_F(ComponentsTest, ARunOfSomeTargetsTakesOnlyTheirDumps) {
  plan_.spec.targets[0].dumps = {{.name = "all"}};
  plan_.spec.targets.push_back({.name = "other", .dumps = {{.name = "users"}}});
  plan_.spec.runs = {{.name = "other", .targets = {"other"}}};
  auto targets = api::targets_of(plan_.spec, plan_.spec.runs[0]);
  auto planned = plan_components(plan_, targets, application_, storages_);
  EXPECT_THAT(names_of(planned), ElementsAre("dump/users", "resources"));
  auto wanted = discovery_targets(plan_, targets, applications::Reach::namespaces);
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0].name, "other");
}

TEST(DescribeTroubleTest, TellsWhatKeepsTheFirstComponentThatRuns) {
  std::vector<api::ComponentStatus> components(2);
  components[0] = {.name = "volume/a", .phase = api::ComponentPhase::succeeded, .message = "old"};
  components[1] = {.name = "volume/b", .phase = api::ComponentPhase::starting, .message = "new"};
  EXPECT_EQ(describe_trouble(components), "volume/b: new");
}

}  // namespace
}  // namespace dmaas::controller
