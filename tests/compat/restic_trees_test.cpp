#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/archive/back_up.hpp"
#include "engine/restore/restore.hpp"
#include "engine/sources/file_system.hpp"
#include "engine/testing/file_tree.hpp"
#include "storage/open.hpp"

namespace dmaas::engine {
namespace {

using testing::describe_tree;
using testing::TemporaryDirectory;

/// The same tree through our program and through stock restic, in both directions.
class ResticTreesTest : public ::testing::Test {
protected:
  void SetUp() override {
    testing::make_example_tree(files_ / "data");
    // restic 0.14 turns link targets that are not UTF-8 into something else.
    std::filesystem::remove(files_ / "data/dangling");
    store_ = *storage::open_storage(files_ / "repository", {}, system_clock());
  }

  int restic(const std::string& arguments) {
    const std::string command = "RESTIC_PASSWORD=password restic --quiet --no-cache -r " +
                                (files_ / "repository") + " " + arguments + " > " +
                                (files_ / "restic.log") + " 2>&1";
    const int status = std::system(command.c_str());
    if (status != 0)
      ADD_FAILURE() << arguments << "\n" << testing::read_file(files_ / "restic.log");
    return status;
  }
  void open_repository() {
    auto opened = Repository::open(*store_, "password", {}, system_clock(), {});
    ASSERT_TRUE(opened) << opened.error().message();
    repository_ = std::move(*opened);
    auto loaded = repository_->load_index({});
    ASSERT_TRUE(loaded) << loaded.error().message();
  }
  BackupSummary back_up() {
    auto source = open_file_system({files_ / "data"}, {});
    Progress progress;
    auto summary = engine::back_up(*repository_, **source, {}, progress, {});
    EXPECT_TRUE(summary) << summary.error().message();
    return *summary;
  }
  std::map<std::string, std::string> restored_tree() {
    return describe_tree(files_ / "restored" + files_ / "data");
  }

  TemporaryDirectory files_;
  std::unique_ptr<storage::ObjectStore> store_;
  std::unique_ptr<Repository> repository_;
};

/// restic 0.14 writes holes out.
std::map<std::string, std::string> without_holes(std::map<std::string, std::string> tree) {
  for (auto& [path, text] : tree)
    if (auto data = text.find(" data "); data != std::string::npos)
      text.erase(data, text.find(" hash ") - data);
  return tree;
}

void expect_equal(const std::map<std::string, std::string>& expected,
                  const std::map<std::string, std::string>& actual) {
  EXPECT_EQ(expected.size(), actual.size());
  for (const auto& [path, text] : expected) {
    auto found = actual.find(path);
    EXPECT_EQ(found == actual.end() ? "absent" : found->second, text) << path;
  }
}

TEST_F(ResticTreesTest, ChecksAndRestoresWhatWeBackedUp) {
  ASSERT_TRUE(storage::create_container(files_ / "repository", {}, system_clock(), {}));
  auto made = Repository::init(*store_, "password", {}, {}, system_clock(), {});
  ASSERT_TRUE(made) << made.error().message();
  open_repository();
  back_up();
  ASSERT_EQ(restic("check --read-data"), 0);
  ASSERT_EQ(restic("restore latest --target " + (files_ / "restored")), 0);
  expect_equal(without_holes(describe_tree(files_ / "data")), without_holes(restored_tree()));
}

TEST_F(ResticTreesTest, ItsBackupsAreRestoredAndContinuedByUs) {
  ASSERT_EQ(restic("init"), 0);
  ASSERT_EQ(restic("backup " + (files_ / "data")), 0);
  open_repository();
  auto snapshots = repository_->load_snapshots({});
  ASSERT_EQ(snapshots->size(), 1u);
  Progress progress;
  auto summary = restore(*repository_, snapshots->front().snapshot.tree,
                         {.target = files_ / "restored"}, progress, {});
  ASSERT_TRUE(summary) << summary.error().message();
  for (const auto& problem : summary->problems) ADD_FAILURE() << problem.message;
  expect_equal(describe_tree(files_ / "data"), restored_tree());

  // Ours cuts at the same places and finds its snapshot as parent: nothing new to store.
  auto continued = back_up();
  EXPECT_EQ(continued.saved.parent, snapshots->front().id);
  EXPECT_EQ(continued.saved.summary->data_blobs, 0u);
  EXPECT_EQ(continued.saved.summary->files_new, 0u);
  ASSERT_EQ(restic("backup " + (files_ / "data")), 0);
  ASSERT_EQ(restic("check --read-data"), 0);
  EXPECT_EQ(repository_->load_snapshots({})->back().snapshot.parent, continued.snapshot);
}

}  // namespace
}  // namespace dmaas::engine
