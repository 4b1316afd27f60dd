#include "engine/copy/copy_snapshots.hpp"

#include <gtest/gtest.h>

#include "engine/archive/back_up.hpp"
#include "engine/check/check.hpp"
#include "engine/restore/restore.hpp"
#include "engine/sources/file_system.hpp"
#include "engine/testing/file_tree.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::engine {
namespace {

using storage::FaultyStore;
using storage::MemoryStore;
using testing::TemporaryDirectory;

RepositoryOptions small_packs() {
  RepositoryOptions options;
  options.pack_size_bytes = 64 << 10;
  options.workers = 2;
  return options;
}

std::unique_ptr<Repository> open(storage::ObjectStore& store, const std::string& password) {
  auto opened = Repository::open(store, password, small_packs(), system_clock(), {});
  EXPECT_TRUE(opened) << opened.error().message();
  EXPECT_TRUE((*opened)->load_index({}));
  return std::move(*opened);
}

class CopySnapshotsTest : public ::testing::Test {
protected:
  void SetUp() override {
    make(source_store_, "one", {});
    source_ = open(source_store_, "one");
    make(destination_store_, "other", source_->chunker_parameters());
    std::filesystem::create_directory(files_ / "data");
    for (unsigned i = 0; i < 20; ++i)
      testing::write_file(files_ / ("data/" + std::to_string(i)), testing::random_text(90'000, i));
  }

  static void make(storage::ObjectStore& store, const std::string& password,
                   const ChunkerParameters& chunker) {
    InitOptions init;
    init.key.cost = {.n = 2, .r = 1, .p = 1};
    init.chunker = chunker;
    auto made = Repository::init(store, password, init, small_packs(), system_clock(), {});
    ASSERT_TRUE(made) << made.error().message();
  }

  StoredSnapshot back_up(Repository& repository) {
    auto source = open_file_system({files_ / "data"}, {});
    Progress progress;
    auto summary = engine::back_up(repository, **source, {}, progress, {});
    EXPECT_TRUE(summary) << summary.error().message();
    return {*summary->snapshot, *repository.load_snapshot(*summary->snapshot, {})};
  }

  /// By a program that has just started: it knows what is on the destination's storage.
  Result<SnapshotCopy> copy(storage::ObjectStore& destination, const StoredSnapshot& snapshot) {
    auto repository = open(destination, "other");
    progress_ = std::make_unique<Progress>();
    auto copier = TRY(SnapshotCopier::prepare(*source_, *repository, options_, *progress_, {}));
    return copier.copy(snapshot, {});
  }

  void expect_sound() {
    CheckOptions options;
    options.data = CheckOptions::Data::read;
    auto report = check(*open(destination_store_, "other"), options, [](auto, auto) {}, {});
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_TRUE(report->is_sound()) << report->problems.front();
  }

  TemporaryDirectory files_;
  MemoryStore source_store_;
  MemoryStore destination_store_;
  std::unique_ptr<Repository> source_;
  CopyOptions options_;
  std::unique_ptr<Progress> progress_;
};

TEST_F(CopySnapshotsTest, TheCopyRestoresToTheByteAndNamesItsOriginal) {
  auto snapshot = back_up(*source_);
  auto copied = copy(destination_store_, snapshot);
  ASSERT_TRUE(copied) << copied.error().message();
  EXPECT_FALSE(copied->was_there);
  EXPECT_EQ(progress_->bytes_done, progress_->bytes_total);
  EXPECT_EQ(progress_->bytes_done, copied->bytes_read);
  expect_sound();
  auto destination = open(destination_store_, "other");
  auto copy = destination->load_snapshot(copied->id, {});
  ASSERT_TRUE(copy) << copy.error().message();
  EXPECT_EQ(copy->original, snapshot.id);
  EXPECT_EQ(copy->parent, std::nullopt);
  EXPECT_TRUE(are_alike(*copy, snapshot.snapshot));
  Progress progress;
  auto restored = restore(*destination, copy->tree, {.target = files_ / "restored"}, progress, {});
  ASSERT_TRUE(restored) << restored.error().message();
  EXPECT_EQ(testing::describe_tree(files_ / "restored" + files_ / "data"),
            testing::describe_tree(files_ / "data"));
}

TEST_F(CopySnapshotsTest, WhatIsThereIsNotReadAgain) {
  auto first = back_up(*source_);
  testing::write_file(files_ / "data/more", testing::random_text(70'000, 99));
  auto second = back_up(*source_);
  auto copied = copy(destination_store_, first);
  ASSERT_TRUE(copied) << copied.error().message();
  auto next = copy(destination_store_, second);
  ASSERT_TRUE(next) << next.error().message();
  EXPECT_LT(next->bytes_read, 100'000U);
  auto again = copy(destination_store_, first);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->was_there);
  EXPECT_EQ(again->id, copied->id);
  EXPECT_EQ(again->bytes_read, 0U);
}

TEST_F(CopySnapshotsTest, ACopyOfACopyNamesTheFirstOne) {
  auto snapshot = back_up(*source_);
  auto copied = copy(destination_store_, snapshot);
  ASSERT_TRUE(copied) << copied.error().message();
  auto middle = open(destination_store_, "other");
  MemoryStore third;
  make(third, "other", {});
  auto last = open(third, "other");
  Progress progress;
  auto copier = SnapshotCopier::prepare(*middle, *last, {}, progress, {});
  ASSERT_TRUE(copier) << copier.error().message();
  auto again = copier->copy({copied->id, *middle->load_snapshot(copied->id, {})}, {});
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(last->load_snapshot(again->id, {})->original, snapshot.id);
}

TEST_F(CopySnapshotsTest, ACopyThatIsKilledGoesOnWhereItWas) {
  auto snapshot = back_up(*source_);
  options_.index_after_bytes = 300 << 10;
  options_.threads = 1;
  FaultyStore dying{destination_store_};
  std::atomic<int> indexes = 0;
  dying.set_rule([&](FaultyStore::Call call, std::string_view name) -> std::optional<Error> {
    if (call == FaultyStore::Call::save && name.starts_with("index/")) ++indexes;
    if (indexes < 3) return std::nullopt;
    return Error(ErrorCode::cancelled, "killed");
  });
  ASSERT_TRUE(copy(dying, snapshot).failed_with(ErrorCode::cancelled));
  auto before = progress_->bytes_total.load();
  ASSERT_TRUE(open(destination_store_, "other")->list_snapshots({})->empty());
  auto copied = copy(destination_store_, snapshot);
  ASSERT_TRUE(copied) << copied.error().message();
  EXPECT_LT(copied->bytes_read, before - 2 * options_.index_after_bytes + 1);
  expect_sound();
}

TEST_F(CopySnapshotsTest, DamageOfTheSourceMakesNoCopy) {
  auto snapshot = back_up(*source_);
  for (auto& [name, bytes] : source_store_.objects()) {
    if (name.starts_with("data/")) bytes[bytes.size() / 2] ^= 1;
  }
  auto damaged = open(source_store_, "one");
  auto destination = open(destination_store_, "other");
  Progress progress;
  auto copier = SnapshotCopier::prepare(*damaged, *destination, {}, progress, {});
  ASSERT_TRUE(copier) << copier.error().message();
  EXPECT_TRUE(copier->copy(snapshot, {}).failed_with(ErrorCode::corrupt));
  EXPECT_TRUE(destination->list_snapshots({})->empty());
}

TEST_F(CopySnapshotsTest, AfterASnapshotThatIsDamagedOthersAreCopied) {
  auto damaged = back_up(*source_);
  auto first_packs = source_store_.objects();
  std::filesystem::remove_all(files_ / "data");
  std::filesystem::create_directory(files_ / "data");
  testing::write_file(files_ / "data/other", testing::random_text(200'000, 123));
  auto sound = back_up(*source_);
  int passed = 0;
  for (const auto& [name, bytes] : first_packs) {
    // One pack in the middle: other threads are at work when it is found out.
    if (name.starts_with("data/") && ++passed == 10) source_store_.objects()[name][100] ^= 1;
  }
  source_ = open(source_store_, "one");
  auto destination = open(destination_store_, "other");
  Progress progress;
  CopyOptions options;
  options.threads = 4;
  auto copier = SnapshotCopier::prepare(*source_, *destination, options, progress, {});
  ASSERT_TRUE(copier) << copier.error().message();
  EXPECT_TRUE(copier->copy(damaged, {}).failed_with(ErrorCode::corrupt));
  auto copied = copier->copy(sound, {});
  ASSERT_TRUE(copied) << copied.error().message();
  expect_sound();
}

TEST_F(CopySnapshotsTest, BackupsBesideCopiesStoreEqualDataOnceWhereBothCutAlike) {
  testing::write_file(files_ / "data/large", testing::random_text(12 << 20, 5));
  auto copied = copy(destination_store_, back_up(*source_));
  ASSERT_TRUE(copied) << copied.error().message();
  auto destination = open(destination_store_, "other");
  EXPECT_EQ(back_up(*destination).snapshot.summary->data_blobs, 0U);
}

}  // namespace
}  // namespace dmaas::engine
