#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/archive/back_up.hpp"
#include "engine/copy/copy_snapshots.hpp"
#include "engine/restore/restore.hpp"
#include "engine/sources/file_system.hpp"
#include "engine/testing/file_tree.hpp"
#include "storage/open.hpp"

namespace dmaas::engine {
namespace {

using testing::TemporaryDirectory;

/// Copies of ours and of stock restic, each judged by the other.
class ResticCopyTest : public ::testing::Test {
protected:
  void SetUp() override {
    std::filesystem::create_directory(files_ / "data");
    for (unsigned i = 0; i < 30; ++i)
      testing::write_file(files_ / ("data/" + std::to_string(i)),
                          testing::random_text(1'000 + i * 100'000, i));
    for (const char* name : {"one", "other"}) {
      ASSERT_TRUE(storage::create_container(files_ / name, {}, system_clock(), {}));
      stores_[name] = *storage::open_storage(files_ / name, {}, system_clock());
    }
  }

  int restic(const std::string& name, const std::string& arguments) {
    const std::string command =
        "RESTIC_PASSWORD=password RESTIC_FROM_PASSWORD=password restic "
        "--quiet --no-cache -r " +
        (files_ / name) + " " + arguments + " > " + (files_ / "restic.log") + " 2>&1";
    const int status = std::system(command.c_str());
    if (status != 0)
      ADD_FAILURE() << arguments << "\n" << testing::read_file(files_ / "restic.log");
    return status;
  }
  void init(const std::string& name) {
    auto made = Repository::init(*stores_[name], "password", {}, {}, system_clock(), {});
    ASSERT_TRUE(made) << made.error().message();
  }
  std::unique_ptr<Repository> open(const std::string& name) {
    auto opened = Repository::open(*stores_[name], "password", {}, system_clock(), {});
    EXPECT_TRUE(opened) << opened.error().message();
    EXPECT_TRUE((*opened)->load_index({}));
    return std::move(*opened);
  }
  SnapshotId back_up(Repository& repository) {
    auto source = open_file_system({files_ / "data"}, {});
    Progress progress;
    auto summary = engine::back_up(repository, **source, {}, progress, {});
    EXPECT_TRUE(summary) << summary.error().message();
    return *summary->snapshot;
  }
  /// All snapshots of "one" into "other".
  std::vector<SnapshotCopy> copy() {
    auto source = open("one");
    auto destination = open("other");
    Progress progress;
    std::vector<SnapshotCopy> copies;
    auto copier = SnapshotCopier::prepare(*source, *destination, {}, progress, {});
    EXPECT_TRUE(copier) << copier.error().message();
    const auto snapshots = *source->load_snapshots({});
    for (const auto& snapshot : snapshots) {
      auto copied = copier->copy(snapshot, {});
      EXPECT_TRUE(copied) << copied.error().message();
      copies.push_back(*copied);
    }
    return copies;
  }

  TemporaryDirectory files_;
  std::map<std::string, std::unique_ptr<storage::ObjectStore>> stores_;
};

TEST_F(ResticCopyTest, ChecksAndRestoresWhatWeCopied) {
  init("one");
  init("other");
  back_up(*open("one"));
  ASSERT_EQ(copy().size(), 1U);
  ASSERT_EQ(restic("other", "check --read-data"), 0);
  ASSERT_EQ(restic("other", "restore latest --target " + (files_ / "restored")), 0);
  EXPECT_EQ(testing::describe_tree(files_ / "restored" + files_ / "data"),
            testing::describe_tree(files_ / "data"));
}

TEST_F(ResticCopyTest, WeCopyWhatItBackedUpIntoWhatItMade) {
  ASSERT_EQ(restic("one", "init"), 0);
  ASSERT_EQ(restic("other", "init"), 0);
  ASSERT_EQ(restic("one", "backup " + (files_ / "data")), 0);
  ASSERT_EQ(copy().size(), 1U);
  ASSERT_EQ(restic("other", "check --read-data"), 0);
}

TEST_F(ResticCopyTest, EachKnowsWhatTheOtherCopied) {
  init("one");
  init("other");
  auto id = back_up(*open("one"));
  auto copy_arguments = "copy --from-repo " + (files_ / "one");
  ASSERT_EQ(restic("other", copy_arguments), 0);
  auto by_restic = open("other")->load_snapshots({});
  ASSERT_EQ(by_restic->size(), 1U);
  EXPECT_EQ(by_restic->front().snapshot.original, id);
  auto copies = copy();
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_TRUE(copies.front().was_there);
  EXPECT_EQ(copies.front().id, by_restic->front().id);

  testing::write_file(files_ / "data/more", testing::random_text(300'000, 77));
  back_up(*open("one"));
  copy();
  ASSERT_EQ(restic("other", copy_arguments), 0);
  EXPECT_EQ(open("other")->load_snapshots({})->size(), 2U);
}

}  // namespace
}  // namespace dmaas::engine
