#include "engine/restore/restore.hpp"

#include <gtest/gtest.h>
#include <sys/xattr.h>

#include <fstream>

#include "engine/archive/back_up.hpp"
#include "engine/inspect/walk_tree.hpp"
#include "engine/restore/dump.hpp"
#include "engine/sources/file_system.hpp"
#include "engine/testing/file_tree.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::engine {
namespace {

using testing::describe_tree;
using testing::make_example_tree;
using testing::read_file;
using testing::TemporaryDirectory;
using testing::write_file;

constexpr KeyOptions cheap_key{.cost = {2, 1, 1}};

class RestoreTest : public ::testing::Test {
protected:
  void SetUp() override {
    repository_ = *Repository::init(store_, "password", {.key = cheap_key}, {}, system_clock(), {});
    ASSERT_TRUE(repository_->load_index({}));
    std::filesystem::create_directories(files_ / "data");
  }

  TreeId back_up() {
    auto source = open_file_system({files_ / "data"},
                                   {.layout = FileSystemOptions::Layout::named, .name = "data"});
    Progress progress;
    auto summary = engine::back_up(*repository_, **source, {}, progress, {});
    EXPECT_TRUE(summary) << summary.error().message();
    EXPECT_TRUE(summary->problems.empty());
    return summary->saved.tree;
  }
  Result<RestoreSummary> try_restore(const TreeId& tree, RestoreOptions options = {}) {
    if (options.target.empty()) {
      options.target = files_ / "restored";
      options.subpath = "/data" + options.subpath;
    }
    Progress progress;
    auto summary = restore(*repository_, tree, options, progress, {});
    bytes_written_ = progress.bytes_written;
    return summary;
  }
  void expect_restored_is_as_data() {
    auto expected = describe_tree(files_ / "data");
    auto restored = describe_tree(files_ / "restored");
    EXPECT_EQ(expected.size(), restored.size());
    for (const auto& [path, description] : expected) EXPECT_EQ(restored[path], description) << path;
  }
  RestoreSummary restore_tree(const TreeId& tree, const RestoreOptions& options = {}) {
    auto summary = try_restore(tree, options);
    EXPECT_TRUE(summary) << summary.error().message();
    if (!summary) return {};
    for (const auto& problem : summary->problems)
      ADD_FAILURE() << problem.path << ": " << problem.message;
    return *summary;
  }
  /// A tree made of nodes that no file system would give.
  TreeId save_tree(const std::string& json) {
    auto saved = repository_->saver().save(BlobType::tree, bytes_of(json), {});
    EXPECT_TRUE(repository_->saver().flush({}));
    return TreeId{saved->id.digest};
  }

  storage::MemoryStore store_;
  std::unique_ptr<Repository> repository_;
  TemporaryDirectory files_;
  std::uint64_t bytes_written_ = 0;
};

/// As a claim is filled that holds an earlier backup.
const RestoreOptions differences{.replace = Replace::differences, .extraneous = Extraneous::remove};

TEST_F(RestoreTest, RestoresEveryKindOfEntryExactly) {
  make_example_tree(files_ / "data");
  auto summary = restore_tree(back_up(), {.verify = Verify::content});
  auto expected = describe_tree(files_ / "data");
  auto restored = describe_tree(files_ / "restored");
  EXPECT_EQ(expected.size(), restored.size());
  for (const auto& [path, description] : expected) EXPECT_EQ(restored[path], description) << path;
  EXPECT_EQ(summary.files_verified, summary.files_restored);
}

TEST_F(RestoreTest, RestoresOnlyWhatIsIncludedAndMakesNoEmptyDirectories) {
  std::filesystem::create_directories(files_ / "data/a/b");
  std::filesystem::create_directories(files_ / "data/c");
  write_file(files_ / "data/a/b/x.txt", "x");
  write_file(files_ / "data/a/y.bin", "y");
  write_file(files_ / "data/c/z.bin", "z");
  restore_tree(back_up(), {.include = *PathPatterns::parse({"*.txt"})});
  auto restored = describe_tree(files_ / "restored");
  EXPECT_TRUE(restored.contains("/a/b/x.txt"));
  EXPECT_FALSE(restored.contains("/a/y.bin"));
  EXPECT_FALSE(restored.contains("/c"));
}

TEST_F(RestoreTest, OverwritePoliciesDecideAboutExistingFiles) {
  write_file(files_ / "data/same", "same");
  write_file(files_ / "data/other", "backup");
  auto tree = back_up();
  restore_tree(tree);
  write_file(files_ / "restored/other", "edited since");

  EXPECT_TRUE(
      try_restore(tree, {.overwrite = Overwrite::fail}).failed_with(ErrorCode::already_exists));
  EXPECT_EQ(restore_tree(tree, {.overwrite = Overwrite::never}).files_skipped, 2u);
  EXPECT_EQ(read_file(files_ / "restored/other"), "edited since");
  EXPECT_EQ(restore_tree(tree, {.overwrite = Overwrite::if_changed}).files_skipped, 1u);
  EXPECT_EQ(read_file(files_ / "restored/other"), "backup");
  EXPECT_EQ(restore_tree(tree, {.overwrite = Overwrite::always}).files_restored, 2u);
}

TEST_F(RestoreTest, RemovesWhatTheBackupDoesNotHaveOnlyWhenAsked) {
  write_file(files_ / "data/a", "a");
  auto tree = back_up();
  std::filesystem::create_directories(files_ / "restored/extra/deep");
  write_file(files_ / "restored/extra/deep/file", "x");
  restore_tree(tree);
  EXPECT_TRUE(std::filesystem::exists(files_ / "restored/extra"));
  auto summary = restore_tree(tree, {.extraneous = Extraneous::remove});
  EXPECT_FALSE(std::filesystem::exists(files_ / "restored/extra"));
  EXPECT_EQ(summary.entries_removed, 3u);
}

TEST_F(RestoreTest, WritesOnlyTheBlocksThatDiffer) {
  auto content = testing::random_text(20 << 20, 11);
  write_file(files_ / "data/large", content);
  write_file(files_ / "data/same", testing::random_text(1 << 20, 12));
  restore_tree(back_up());
  EXPECT_EQ(bytes_written_, 21u << 20);
  for (std::size_t at : {0u, 5u << 20, (20u << 20) - 1}) content[at] ^= 1;
  write_file(files_ / "data/large", content);
  auto summary = restore_tree(back_up(), differences);
  EXPECT_EQ(bytes_written_, 3u * 4096);
  EXPECT_EQ(summary.files_restored, 2u);
  expect_restored_is_as_data();
}

TEST_F(RestoreTest, AnUpdatedTreeIsWhatAFreshOneWouldBe) {
  make_example_tree(files_ / "data");
  write_file(files_ / "data/shrinks", testing::random_text(3 << 20, 13));
  write_file(files_ / "data/grows", "short");
  write_file(files_ / "data/empties", "something");
  restore_tree(back_up());
  write_file(files_ / "data/shrinks", testing::random_text(1 << 20, 13));
  write_file(files_ / "data/grows", testing::random_text(3 << 20, 14));
  std::filesystem::resize_file(files_ / "data/grows", 9 << 20);
  write_file(files_ / "data/empties", "");
  std::filesystem::create_directories(files_ / "data/was-a-file");
  write_file(files_ / "restored/was-a-file", "x");
  write_file(files_ / "restored/extra", "x");
  restore_tree(back_up(), differences);
  expect_restored_is_as_data();
}

TEST_F(RestoreTest, AFileThatHasAnotherNameOutsideTheBackupKeepsItsContentThere) {
  write_file(files_ / "data/file", "backup");
  auto tree = back_up();
  std::filesystem::create_directories(files_ / "restored");
  write_file(files_ / "elsewhere", "other");
  std::filesystem::create_hard_link(files_ / "elsewhere", files_ / "restored/file");
  restore_tree(tree, differences);
  EXPECT_EQ(read_file(files_ / "restored/file"), "backup");
  EXPECT_EQ(read_file(files_ / "elsewhere"), "other");
}

TEST_F(RestoreTest, NamesOfOneFileAreLinkedAgainThoughItsContentStays) {
  write_file(files_ / "data/first", "content");
  std::filesystem::create_hard_link(files_ / "data/first", files_ / "data/second");
  auto tree = back_up();
  restore_tree(tree);
  std::filesystem::remove(files_ / "restored/second");
  auto options = differences;
  options.overwrite = Overwrite::if_changed;
  restore_tree(tree, options);
  EXPECT_TRUE(std::filesystem::equivalent(files_ / "restored/first", files_ / "restored/second"));
}

TEST_F(RestoreTest, WhatIsChangedBehindItsTimesIsFoundByContentOnly) {
  write_file(files_ / "data/file", "backup");
  auto tree = back_up();
  restore_tree(tree);
  auto time = std::filesystem::last_write_time(files_ / "restored/file");
  write_file(files_ / "restored/file", "edited");
  std::filesystem::last_write_time(files_ / "restored/file", time);
  auto options = differences;
  options.overwrite = Overwrite::if_changed;
  restore_tree(tree, options);
  EXPECT_EQ(read_file(files_ / "restored/file"), "edited");
  restore_tree(tree, differences);
  EXPECT_EQ(read_file(files_ / "restored/file"), "backup");
}

TEST_F(RestoreTest, AttributesThatTheBackupDoesNotHaveGoFromWhatIsUpdated) {
  std::filesystem::create_directories(files_ / "data/directory");
  write_file(files_ / "data/directory/file", "backup");
  auto tree = back_up();
  restore_tree(tree);
  for (std::string path : {"restored/directory", "restored/directory/file"})
    ASSERT_EQ(::setxattr((files_ / path).c_str(), "user.since", "x", 1, 0), 0);
  restore_tree(tree, differences);
  expect_restored_is_as_data();
}

TEST_F(RestoreTest, ReplacesALinkInsteadOfWritingThroughIt) {
  write_file(files_ / "data/file", "backup");
  std::filesystem::create_directories(files_ / "data/directory");
  write_file(files_ / "data/directory/inner", "inner");
  auto tree = back_up();
  std::filesystem::create_directories(files_ / "restored");
  std::filesystem::create_directories(files_ / "outside");
  write_file(files_ / "victim", "untouched");
  std::filesystem::create_symlink(files_ / "victim", files_ / "restored/file");
  std::filesystem::create_symlink(files_ / "outside", files_ / "restored/directory");
  restore_tree(tree);
  EXPECT_EQ(read_file(files_ / "victim"), "untouched");
  EXPECT_TRUE(std::filesystem::is_empty(files_ / "outside"));
  EXPECT_EQ(read_file(files_ / "restored/directory/inner"), "inner");
}

TEST_F(RestoreTest, RefusesNamesThatLeadOutside) {
  const std::string node =
      R"("type":"file","mode":420,"mtime":"2020-01-01T00:00:00Z","atime":"2020-01-01T00:00:00Z",)"
      R"("ctime":"2020-01-01T00:00:00Z","uid":0,"gid":0,"content":[]})";
  for (const char* name : {"..", ".", "", "../escaped", "a/b", "/absolute"}) {
    auto tree = save_tree(std::string(R"({"nodes":[{"name":")") + name + "\"," + node + "]}\n");
    auto summary = try_restore(tree, {.target = files_ / "inside/target"});
    if (summary) {
      EXPECT_EQ(summary->problem_counts[static_cast<std::size_t>(RestoreProblemKind::entry)], 1u)
          << name;
    } else {
      EXPECT_EQ(summary.code(), ErrorCode::corrupt) << name;
    }
    EXPECT_TRUE(std::filesystem::is_empty(files_ / "inside/target")) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(files_ / "inside/escaped"));
}

TEST_F(RestoreTest, RestoresASubdirectory) {
  std::filesystem::create_directories(files_ / "data/a/b");
  write_file(files_ / "data/a/b/x", "x");
  restore_tree(back_up(), {.subpath = "/a/b"});
  EXPECT_EQ(read_file(files_ / "restored/x"), "x");
}

TEST_F(RestoreTest, LosesOnlyTheFilesOfADamagedPack) {
  write_file(files_ / "data/a", testing::random_text(20 << 20, 7));
  write_file(files_ / "data/b", "small");
  auto tree = back_up();
  // The largest object is a pack with parts of the large file only, or with the small one too: then
  // both are lost.
  std::string largest;
  for (const auto& [name, bytes] : store_.objects())
    if (name.starts_with("data/") &&
        (largest.empty() || bytes.size() > store_.objects()[largest].size()))
      largest = name;
  for (std::size_t i = 100; i < store_.objects()[largest].size() - 5'000; i += 1'000)
    store_.objects()[largest][i] ^= 1;
  auto summary = try_restore(tree);
  ASSERT_TRUE(summary) << summary.error().message();
  EXPECT_GE(summary->problem_counts[static_cast<std::size_t>(RestoreProblemKind::content)], 1u);
  EXPECT_FALSE(std::filesystem::exists(files_ / "restored/a"));
}

TEST_F(RestoreTest, DumpsOneFile) {
  const std::string content = testing::random_text(10 << 20, 8);
  write_file(files_ / "data/large", content);
  auto tree = back_up();
  auto node = find_node(*repository_, tree, "/data/large", {});
  ASSERT_TRUE(node);
  std::string dumped;
  auto result = dump_file(*repository_, *node,
                          [&](BytesView bytes) -> Result<> {
                            dumped += text_of(bytes);
                            return {};
                          },
                          {});
  ASSERT_TRUE(result);
  EXPECT_TRUE(dumped == content);
}

TEST_F(RestoreTest, WritesAnImageOverOldContentZerosIncluded) {
  write_file(files_ / "data/disk.img", testing::random_text(9 << 20, 9));
  std::filesystem::resize_file(files_ / "data/disk.img", 30 << 20);
  auto tree = back_up();
  write_file(files_ / "device", testing::random_text(30 << 20, 10));
  Progress progress;
  auto node = find_node(*repository_, tree, "/data/disk.img", {});
  auto result =
      restore_image(*repository_, *node, {.device_path = files_ / "device"}, progress, {});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_TRUE(read_file(files_ / "device") == read_file(files_ / "data/disk.img"));

  std::fstream{files_ / "device", std::ios::in | std::ios::out}.seekp(20 << 20).put('x');
  Progress second;
  ASSERT_TRUE(restore_image(*repository_, *node,
                            {.device_path = files_ / "device", .replace = Replace::differences},
                            second, {}));
  EXPECT_TRUE(read_file(files_ / "device") == read_file(files_ / "data/disk.img"));
  EXPECT_EQ(second.bytes_written, 4096u);
}

TEST_F(RestoreTest, StopsWhenAsked) {
  write_file(files_ / "data/a", "a");
  auto tree = back_up();
  std::stop_source stop;
  stop.request_stop();
  Progress progress;
  auto summary =
      restore(*repository_, tree, {.target = files_ / "restored"}, progress, stop.get_token());
  EXPECT_TRUE(summary.failed_with(ErrorCode::cancelled));
}

}  // namespace
}  // namespace dmaas::engine
