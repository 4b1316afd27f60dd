#include <gtest/gtest.h>

#include <algorithm>

#include "api/backup_document.hpp"
#include "applications/commits.hpp"
#include "base/time_text.hpp"
#include "engine/archive/back_up.hpp"
#include "mover/task.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::mover {
namespace {

/// A repository in memory with backups as sessions write them.
struct Place {
  Place() { EXPECT_TRUE(repository->load_index({})); }

  engine::StoredSnapshot save(const std::string& session, const std::string& component,
                              const std::string& file, const std::string& content) {
    auto provide = [&](const engine::FileSink& sink) -> Result<> {
      return sink({.path = file, .content = bytes_of(content)});
    };
    engine::BackupOptions options;
    options.time = *parse_timestamp("2026-01-02T03:00:00Z");
    options.paths = {"/" + component};
    options.tags = {applications::session_tag(session), applications::component_tag(component)};
    options.parent_choice = engine::BackupOptions::ParentChoice::none;
    engine::Progress progress;
    auto saved = engine::back_up_files(*repository, provide, options, progress, {});
    EXPECT_TRUE(saved) << saved.error().message();
    return {*saved->snapshot, *repository->load_snapshot(*saved->snapshot, {})};
  }

  /// One volume and its resources component, whose id it returns.
  std::string back_up(const std::string& session) {
    auto volume = save(session, "volume/data", "/file", session + std::string(5000, 'x'));
    api::BackupDocument document;
    document.session_uid = session;
    document.components = {{.name = "volume/data",
                            .snapshot_id = volume.id.hex(),
                            .tree_id = volume.snapshot.tree.hex()},
                           {.name = "resources", .kind = api::ComponentKind::resources}};
    document.plan_spec = JsonObject{};
    return save(session, "resources", std::string(api::BackupDocument::path),
                api::encode_backup_document(document))
        .id.hex();
  }

  std::vector<engine::StoredSnapshot> snapshots() { return *repository->load_snapshots({}); }

  storage::MemoryStore store;
  std::unique_ptr<engine::Repository> repository = *engine::Repository::init(
      store, "secret", {.key = {.cost = {2, 1, 1}}}, {}, system_clock(), {});
};

std::string volume_of(const std::vector<engine::StoredSnapshot>& snapshots) {
  auto is_it = [](const auto& stored) { return stored.snapshot.paths.front() == "/volume/data"; };
  return std::ranges::find_if(snapshots, is_it)->id.hex();
}

class CopyTaskTest : public testing::Test {
protected:
  Result<api::MoverResult> copy(std::vector<std::string> backups) {
    order_.task = api::MoverTask::copy;
    order_.copy = api::OrderCopy{.source = {}, .backups = std::move(backups)};
    CopiedBackups copied;
    CopyContext copy{*source_.repository, copied};
    return copy_backups({order_, *destination_.repository, progress_, system_clock(), &copy}, {});
  }

  Place source_;
  Place destination_;
  engine::Progress progress_;
  api::WorkOrder order_;
};

TEST_F(CopyTaskTest, CopiesAllComponentsAndTheCommitLast) {
  auto id = source_.back_up("one");
  source_.back_up("other");
  auto result = copy({id});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->outcome, api::MoverOutcome::succeeded);
  ASSERT_EQ(result->copied.size(), 1U);
  EXPECT_EQ(result->copied.front().source_id, id);
  auto there = destination_.snapshots();
  ASSERT_EQ(there.size(), 2U);
  auto commit = applications::find_commit(*destination_.repository, "one", {});
  ASSERT_TRUE(commit && *commit);
  EXPECT_EQ((*commit)->id.hex(), result->copied.front().snapshot_id);
  EXPECT_EQ((*commit)->snapshot.original->hex(), id);
}

TEST_F(CopyTaskTest, ComponentsOfACopyAreFoundUnderTheIdsThatTheyHaveThere) {
  auto id = source_.back_up("one");
  auto result = copy({id});
  ASSERT_TRUE(result) << result.error().message();
  api::BackupDocument document;
  document.session_uid = "one";
  auto volume = volume_of(source_.snapshots());
  document.components = {{.name = "volume/data", .snapshot_id = volume}};
  ASSERT_TRUE(applications::resolve_components(*destination_.repository, {&document}, {}));
  const auto& resolved = document.components.front().snapshot_id;
  EXPECT_NE(resolved, volume);
  auto copy = destination_.repository->load_snapshot(*engine::SnapshotId::parse(resolved), {});
  ASSERT_TRUE(copy) << copy.error().message();
  EXPECT_EQ(copy->original->hex(), volume);
}

TEST_F(CopyTaskTest, AComponentIsFoundByTagsAndTreeWhenNothingElseIsKnown) {
  auto stored = source_.save("one", "volume/data", "/file", "content");
  api::DocumentComponent component{.name = "volume/data",
                                   .snapshot_id = std::string(64, '0'),
                                   .tree_id = stored.snapshot.tree.hex()};
  const auto snapshots = source_.snapshots();
  const auto* found = applications::find_component(snapshots, "one", component);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->id, stored.id);
  EXPECT_EQ(applications::find_component(snapshots, "other", component), nullptr);
}

TEST_F(CopyTaskTest, ABackupThatIsGoneTakesNoneOfTheOthersWithIt) {
  auto gone = source_.back_up("gone");
  auto good = source_.back_up("good");
  ASSERT_TRUE(source_.repository->remove_snapshot(*engine::SnapshotId::parse(gone), {}));
  auto result = copy({gone, good});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->outcome, api::MoverOutcome::failed);
  ASSERT_EQ(result->copied.size(), 2U);
  EXPECT_EQ(result->copied[0].snapshot_id, "");
  EXPECT_NE(result->copied[0].message, "");
  EXPECT_NE(result->copied[1].snapshot_id, "");
}

TEST_F(CopyTaskTest, AMoverThatCameAfterALostOneFindsItsWork) {
  auto id = source_.back_up("one");
  auto first = copy({id});
  ASSERT_TRUE(first) << first.error().message();
  auto again = copy({id});
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->copied.front().snapshot_id, first->copied.front().snapshot_id);
  EXPECT_EQ(destination_.snapshots().size(), 2U);
}

}  // namespace
}  // namespace dmaas::mover
