#include "engine/prune/prune.hpp"

#include <gtest/gtest.h>

#include "engine/archive/back_up.hpp"
#include "engine/check/check.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::engine {
namespace {

BlobHandle blob(std::uint8_t number) {
  BlobHandle handle;
  handle.id.digest[0] = number;
  return handle;
}

IndexPack pack_of(std::uint8_t number, std::initializer_list<std::uint8_t> blobs) {
  IndexPack pack;
  pack.id.digest[0] = number;
  std::uint32_t offset = 0;
  for (auto id : blobs) {
    pack.blobs.push_back({.handle = blob(id), .offset = offset, .length = 1000});
    offset += 1000;
  }
  return pack;
}

std::unordered_map<PackId, std::uint64_t> stored(const std::vector<IndexPack>& packs) {
  std::unordered_map<PackId, std::uint64_t> sizes;
  for (const auto& pack : packs)
    sizes[pack.id] = stored_header_bytes(pack.blobs) + pack.blobs.size() * 1000;
  return sizes;
}

TEST(PrunePlanTest, SortsPacksByWhatIsUsedOfThem) {
  std::vector<IndexPack> packs{pack_of(1, {1, 2}), pack_of(2, {3, 4}), pack_of(3, {5})};
  auto plan =
      *plan_prune({blob(1), blob(2), blob(3)}, packs, stored(packs), {.max_unused_share = 0});
  ASSERT_EQ(plan.repack.size(), 1u);
  EXPECT_EQ(plan.repack[0].id, packs[1].id);
  EXPECT_EQ(plan.remove, (std::vector<PackId>{packs[2].id}));
  EXPECT_EQ(plan.keep_of_repacked, (std::unordered_set<BlobHandle>{blob(3)}));
  EXPECT_EQ(plan.used_bytes, 3000u);
  EXPECT_EQ(plan.unused_bytes, 2000u);
}

TEST(PrunePlanTest, KeepsOneCopyOfABlobThatIsStoredTwice) {
  std::vector<IndexPack> packs{pack_of(1, {1, 2}), pack_of(2, {1})};
  auto plan = *plan_prune({blob(1), blob(2)}, packs, stored(packs), {});
  EXPECT_EQ(plan.remove, (std::vector<PackId>{packs[1].id}));
  EXPECT_TRUE(plan.repack.empty());
}

TEST(PrunePlanTest, RefusesToMakeDamageFinal) {
  std::vector<IndexPack> packs{pack_of(1, {1})};
  EXPECT_EQ(plan_prune({blob(1)}, packs, {}, {}).code(), ErrorCode::corrupt);
}

TEST(PrunePlanTest, LeavesAsMuchUnusedAsIsAllowed) {
  std::vector<IndexPack> packs{pack_of(1, {1, 2}), pack_of(2, {3, 4})};
  auto plan =
      *plan_prune({blob(1), blob(2), blob(3)}, packs, stored(packs), {.max_unused_share = 0.5});
  EXPECT_TRUE(plan.is_empty());
  EXPECT_EQ(plan.remaining_unused_bytes, 1000u);
}

class PruneTest : public testing::Test {
protected:
  SnapshotId back_up_files_of(std::initializer_list<std::pair<const char*, std::string>> files) {
    auto provide = [&](const FileSink& sink) -> Result<> {
      for (const auto& [path, content] : files)
        TRY(sink({.path = path, .content = bytes_of(content)}));
      return {};
    };
    Progress progress;
    BackupOptions options;
    options.paths = {"/files"};
    return *dmaas::engine::back_up_files(*repository_, provide, options, progress, {})->snapshot;
  }

  CheckReport check_all() {
    return *check(*repository_, {.data = CheckOptions::Data::read}, [](auto, auto) {}, {});
  }

  storage::MemoryStore store_;
  std::unique_ptr<Repository> repository_ =
      *Repository::init(store_, "secret", {.key = {.cost = {2, 1, 1}}}, {}, system_clock(), {});
};

TEST_F(PruneTest, RemovesWhatNoSnapshotNeedsAndKeepsTheRestSound) {
  ASSERT_TRUE(repository_->load_index({}));
  auto kept = back_up_files_of({{"/a", std::string(5000, 'a')}, {"/b", std::string(5000, 'b')}});
  auto going = back_up_files_of({{"/a", std::string(5000, 'a')}, {"/c", std::string(70'000, 'c')}});
  ASSERT_TRUE(repository_->remove_snapshot(going, {}));
  auto plan = plan_prune(*repository_, {.max_unused_share = 0}, {});
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_GT(plan->unused_bytes, 0u);
  auto applied = apply_prune(*repository_, *plan, [](auto, auto) {}, {});
  ASSERT_TRUE(applied) << applied.error().message();
  auto report = check_all();
  EXPECT_TRUE(report.is_sound()) << testing::PrintToString(report.problems);
  EXPECT_EQ(report.unreferenced_packs, 0u);
  EXPECT_TRUE(plan_prune(*repository_, {.max_unused_share = 0}, {})->is_empty());
  EXPECT_TRUE(repository_->load_snapshot(kept, {}));
}

TEST_F(PruneTest, StoppedByAnyFailingCallItLeavesASoundRepository) {
  ASSERT_TRUE(repository_->load_index({}));
  back_up_files_of({{"/a", std::string(5000, 'a')}, {"/b", std::string(5000, 'b')}});
  auto going = back_up_files_of({{"/b", std::string(5000, 'b')}, {"/c", std::string(5000, 'c')}});
  ASSERT_TRUE(repository_->remove_snapshot(going, {}));
  auto objects = store_.objects();
  for (int failing = 0;; ++failing) {
    store_.objects() = objects;
    storage::FaultyStore faulty{store_};
    auto repository = *Repository::open(faulty, "secret", {}, system_clock(), {});
    auto plan = plan_prune(*repository, {.max_unused_share = 0}, {});
    ASSERT_TRUE(plan) << plan.error().message();
    std::atomic<int> calls = 0;
    faulty.set_rule([&](auto call, auto) -> std::optional<Error> {
      bool writes =
          call == storage::FaultyStore::Call::save || call == storage::FaultyStore::Call::remove;
      if (!writes || calls++ != failing) return std::nullopt;
      return Error(ErrorCode::unavailable, "broken");
    });
    auto applied = apply_prune(*repository, *plan, [](auto, auto) {}, {});
    faulty.set_rule(nullptr);
    repository_ = *Repository::open(store_, "secret", {}, system_clock(), {});
    auto report = check_all();
    ASSERT_TRUE(report.is_sound())
        << "call " << failing << ": " << testing::PrintToString(report.problems);
    if (applied) break;
    ASSERT_LT(failing, 100);
  }
}

}  // namespace
}  // namespace dmaas::engine
