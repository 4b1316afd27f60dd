#include "engine/archive/back_up.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "engine/archive/change_detection.hpp"
#include "engine/inspect/walk_tree.hpp"
#include "engine/sources/file_system.hpp"
#include "engine/sources/image.hpp"
#include "engine/sources/stream.hpp"
#include "engine/testing/file_tree.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::engine {
namespace {

using testing::TemporaryDirectory;
using testing::write_file;

constexpr KeyOptions cheap_key{.cost = {2, 1, 1}};

/// A repository in memory and the calls that most tests make.
class BackUpTest : public ::testing::Test {
protected:
  void SetUp() override {
    auto made = Repository::init(store_, "password", {.key = cheap_key}, {}, clock_, {});
    ASSERT_TRUE(made) << made.error().message();
    repository_ = std::move(*made);
    ASSERT_TRUE(repository_->load_index({}));
    std::filesystem::create_directories(files_ / "data");
  }

  Result<BackupSummary> try_back_up(BackupOptions options = {},
                                    FileSystemOptions source_options = {}) {
    source_options.layout = FileSystemOptions::Layout::contents;
    auto source = TRY(open_file_system({files_ / "data"}, source_options));
    Progress progress;
    return engine::back_up(*repository_, *source, options, progress, {});
  }
  BackupSummary back_up(const BackupOptions& options = {},
                        const FileSystemOptions& source_options = {}) {
    auto summary = try_back_up(options, source_options);
    EXPECT_TRUE(summary) << summary.error().message();
    return summary ? std::move(*summary) : BackupSummary{};
  }
  /// Paths of the tree with the size of files.
  std::map<std::string, std::uint64_t> list(const TreeId& tree) {
    std::map<std::string, std::uint64_t> found;
    auto walked = walk_tree(*repository_, tree,
                            [&](const std::string& path, const Node& node) -> Result<Descend> {
                              found[path] = node.size;
                              return Descend::yes;
                            },
                            {});
    EXPECT_TRUE(walked);
    return found;
  }
  /// Later than any file's time, so that backups trust what they see.
  ManualClock clock_{system_clock().now() + std::chrono::hours(1)};
  storage::MemoryStore store_;
  std::unique_ptr<Repository> repository_;
  TemporaryDirectory files_;
};

TEST_F(BackUpTest, StoresEveryFileOfATree) {
  write_file(files_ / "data/a", "12345");
  std::filesystem::create_directories(files_ / "data/d/e");
  write_file(files_ / "data/d/e/f", "");
  auto summary = back_up();
  std::map<std::string, std::uint64_t> expected{{"/a", 5}, {"/d", 0}, {"/d/e", 0}, {"/d/e/f", 0}};
  EXPECT_EQ(list(summary.saved.tree), expected);
  EXPECT_EQ(summary.saved.summary->files_new, 2u);
  EXPECT_EQ(summary.saved.summary->dirs_new, 2u);
  EXPECT_EQ(summary.saved.summary->total_bytes_processed, 5u);
  EXPECT_TRUE(summary.problems.empty());
  EXPECT_EQ(repository_->load_snapshot(*summary.snapshot, {})->tree, summary.saved.tree);
}

TEST_F(BackUpTest, SecondBackupReadsOnlyWhatChanged) {
  for (int i = 0; i < 20; ++i)
    write_file(files_ / ("data/" + std::to_string(i)), std::string(1000, 'x'));
  std::filesystem::create_directories(files_ / "data/still");
  write_file(files_ / "data/still/y", "y");
  auto first = back_up();
  write_file(files_ / "data/7", "changed");
  auto second = back_up();
  EXPECT_EQ(second.saved.parent, first.snapshot);
  EXPECT_EQ(second.saved.summary->files_changed, 1u);
  EXPECT_EQ(second.saved.summary->files_unmodified, 20u);
  EXPECT_EQ(second.saved.summary->dirs_unmodified, 1u);
  EXPECT_EQ(second.saved.summary->data_blobs, 1u);
  EXPECT_EQ(second.saved.summary->tree_blobs, 1u);
  EXPECT_EQ(list(second.saved.tree)["/7"], 7u);
}

TEST_F(BackUpTest, UnchangedTreeHasTheSameId) {
  write_file(files_ / "data/a", "a");
  auto first = back_up();
  auto second = back_up();
  auto full = back_up({.read_mode = ReadMode::full});
  EXPECT_EQ(first.saved.tree, second.saved.tree);
  EXPECT_EQ(first.saved.tree, full.saved.tree);
  EXPECT_EQ(second.saved.summary->tree_blobs, 0u);
}

TEST_F(BackUpTest, FilesTouchedJustBeforeTheParentAreReadAgain) {
  Node node;
  node.mtime = node.ctime = FileTime::of(Timestamp{std::chrono::seconds(1'000)});
  auto rule_at = [](int seconds) {
    return ChangeRule{.parent_start = Timestamp{std::chrono::seconds(seconds)}};
  };
  EXPECT_FALSE(is_unchanged(node, node, rule_at(1'001)));
  EXPECT_TRUE(is_unchanged(node, node, rule_at(1'003)));
  Node moved = node;
  moved.inode = 7;
  EXPECT_FALSE(is_unchanged(moved, node, rule_at(2'000)));
  auto lenient = rule_at(2'000);
  lenient.inode_check = InodeCheck::ignore;
  EXPECT_TRUE(is_unchanged(moved, node, lenient));
}

TEST_F(BackUpTest, LeavesOutWhatIsExcluded) {
  std::filesystem::create_directories(files_ / "data/cache/x");
  write_file(files_ / "data/keep", "1");
  write_file(files_ / "data/drop.tmp", "1");
  auto summary = back_up({}, {.exclude = *PathPatterns::parse({"*.tmp", "/cache"})});
  EXPECT_EQ(list(summary.saved.tree).size(), 1u);
}

TEST_F(BackUpTest, DryRunCountsAndWritesNothing) {
  write_file(files_ / "data/a", std::string(10'000, 'a'));
  const auto objects_before = store_.objects().size();
  auto summary = back_up({.effect = BackupEffect::dry_run});
  EXPECT_FALSE(summary.snapshot.has_value());
  EXPECT_EQ(summary.saved.summary->files_new, 1u);
  EXPECT_EQ(summary.saved.summary->data_blobs, 1u);
  EXPECT_EQ(store_.objects().size(), objects_before);
}

TEST_F(BackUpTest, LargeFilesComeBackWhole) {
  const std::string content = testing::random_text(10 << 20, 4);
  write_file(files_ / "data/large", content);
  auto summary = back_up();
  auto node = find_node(*repository_, summary.saved.tree, "/large", {});
  ASSERT_TRUE(node);
  std::string loaded;
  for (const auto& blob : *node->content)
    loaded += text_of(*repository_->load_blob(data_blob(blob), {}));
  EXPECT_TRUE(loaded == content);
}

TEST_F(BackUpTest, NamedLayoutKeepsTheTargetItself) {
  write_file(files_ / "data/a", "1");
  ::chmod((files_ / "data").c_str(), 02750);
  auto source = open_file_system({files_ / "data"},
                                 {.layout = FileSystemOptions::Layout::named, .name = "volume"});
  ASSERT_TRUE(source);
  Progress progress;
  auto summary = engine::back_up(*repository_, **source, {}, progress, {});
  ASSERT_TRUE(summary) << summary.error().message();
  EXPECT_EQ(summary->saved.paths, std::vector<std::string>{"/volume"});
  EXPECT_EQ(permissions_of(find_node(*repository_, summary->saved.tree, "/volume", {})->mode),
            02750u);
  EXPECT_TRUE(list(summary->saved.tree).contains("/volume/a"));
}

TEST_F(BackUpTest, StoresStreamsAndCommands) {
  auto source = open_command({"sh", "-c", "seq 1 1000000"}, "numbers.txt", system_clock());
  ASSERT_TRUE(source);
  Progress progress;
  auto summary = engine::back_up(*repository_, **source, {}, progress, {});
  ASSERT_TRUE(summary) << summary.error().message();
  EXPECT_EQ(list(summary->saved.tree)["/numbers.txt"], 6'888'896u);
  EXPECT_EQ(summary->saved.paths, std::vector<std::string>{"/numbers.txt"});
}

TEST_F(BackUpTest, AFailingCommandLeavesNoSnapshot) {
  auto source = open_command({"sh", "-c", "echo partial; exit 3"}, "dump.sql", system_clock());
  Progress progress;
  auto summary = engine::back_up(*repository_, **source, {}, progress, {});
  ASSERT_TRUE(summary.failed_with(ErrorCode::invalid_input));
  EXPECT_EQ(summary.error().message(), "sh ended with status 3");
  EXPECT_TRUE(repository_->list_snapshots({})->empty());
}

TEST_F(BackUpTest, ACommandThatWritesNothingLeavesNoSnapshot) {
  auto source = open_command({"true"}, "dump.sql", system_clock());
  Progress progress;
  auto summary = engine::back_up(*repository_, **source, {}, progress, {});
  ASSERT_TRUE(summary.failed_with(ErrorCode::invalid_input));
  EXPECT_EQ(summary.error().message(), "true ended well but wrote nothing");
  EXPECT_TRUE(repository_->list_snapshots({})->empty());
}

TEST_F(BackUpTest, StopEndsASilentCommandWithinASecond) {
  auto source = open_command({"sleep", "60"}, "dump.sql", system_clock());
  Progress progress;
  std::stop_source stop;
  std::jthread stopper{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  }};
  auto begin = std::chrono::steady_clock::now();
  auto summary = engine::back_up(*repository_, **source, {}, progress, stop.get_token());
  EXPECT_TRUE(summary.failed_with(ErrorCode::cancelled));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(BackUpTest, StoresImagesInFixedBlocks) {
  const std::string path = files_ / "image";
  write_file(path, testing::random_text(5 << 20, 5));
  std::filesystem::resize_file(path, 64 << 20);
  auto source = open_image(path, "disk.img", system_clock());
  ASSERT_TRUE(source);
  Progress progress;
  auto summary = engine::back_up(*repository_, **source, {}, progress, {});
  ASSERT_TRUE(summary) << summary.error().message();
  auto node = find_node(*repository_, summary->saved.tree, "/disk.img", {});
  ASSERT_EQ(node->content->size(), 16u);
  EXPECT_EQ(node->size, 64u << 20);
  EXPECT_EQ(node->content->at(2), node->content->at(15));
  EXPECT_EQ(summary->saved.summary->data_blobs, 3u);
}

TEST_F(BackUpTest, StoresMadeFilesAndReusesEqualOnes) {
  auto provide = [](const std::string& second) {
    return [second](const FileSink& sink) -> Result<> {
      TRY(sink({.path = "/core/secrets/v1/shop/b.json", .content = bytes_of(second)}));
      TRY(sink({.path = "/core/secrets/v1/shop/a.json", .content = bytes_of("{}")}));
      return sink({.path = "/index.json", .content = bytes_of("[]")});
    };
  };
  BackupOptions options{.paths = {"/resources"}};
  Progress progress;
  auto first = back_up_files(*repository_, provide("1"), options, progress, {});
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(list(first->saved.tree).size(), 7u);
  auto second = back_up_files(*repository_, provide("2"), options, progress, {});
  EXPECT_EQ(second->saved.summary->files_changed, 1u);
  EXPECT_EQ(second->saved.summary->files_unmodified, 2u);
  EXPECT_NE(first->saved.tree, second->saved.tree);
}

TEST_F(BackUpTest, RefusesMadeFilesThatCollideOrEscape) {
  Progress progress;
  auto back_up_paths = [&](std::vector<std::string> paths) {
    FileProvider provide = [&](const FileSink& sink) -> Result<> {
      for (const auto& path : paths) TRY(sink({.path = path, .content = bytes_of("x")}));
      return {};
    };
    return back_up_files(*repository_, provide, {}, progress, {});
  };
  EXPECT_TRUE(back_up_paths({"/a", "/a"}).failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(back_up_paths({"/a", "/a/b"}).failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(back_up_paths({"/a/b", "/a"}).failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(back_up_paths({"/../a"}).failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(back_up_paths({"a"}).failed_with(ErrorCode::invalid_input));
}

/// A source whose one file is never twice the same, or cannot be read.
class TroubledSource final : public Source {
public:
  enum class Trouble { changes, unreadable };
  explicit TroubledSource(Trouble trouble) : trouble_(trouble) {}

  std::vector<std::string> paths() const override { return {"/troubled"}; }
  Result<std::unique_ptr<Directory>> open_root() override {
    return std::make_unique<OneFile>(*this);
  }
  int reads = 0;

private:
  struct Stream final : FileStream {
    explicit Stream(TroubledSource& owner) : source(owner) {}
    Result<FilePiece> read(std::span<std::uint8_t> buffer, std::stop_token) override {
      if (source.trouble_ == Trouble::unreadable)
        return fail(ErrorCode::unavailable, "input/output error");
      if (is_at_end) return FilePiece{};
      is_at_end = true;
      buffer[0] = static_cast<std::uint8_t>(++source.reads);
      return FilePiece{.data_bytes = 1};
    }
    Result<ContentState> finish(std::stop_token) override {
      return ContentState::changed_while_read;
    }
    TroubledSource& source;
    bool is_at_end = false;
  };
  struct File final : Entry {
    explicit File(TroubledSource& owner) : source(owner) { node.name = "file"; }
    Result<std::unique_ptr<Directory>> open_directory() override {
      return fail(ErrorCode::unsupported, "no");
    }
    Result<std::unique_ptr<FileStream>> open_file() override {
      return std::make_unique<Stream>(source);
    }
    TroubledSource& source;
  };
  struct OneFile final : Directory {
    explicit OneFile(TroubledSource& owner) : source(owner) {}
    Result<std::unique_ptr<Entry>> next() override {
      if (std::exchange(is_at_end, true)) return std::unique_ptr<Entry>{};
      return std::make_unique<File>(source);
    }
    TroubledSource& source;
    bool is_at_end = false;
  };

  const Trouble trouble_;
};

TEST_F(BackUpTest, RereadsAChangingFileAndListsIt) {
  TroubledSource source{TroubledSource::Trouble::changes};
  Progress progress;
  auto summary = engine::back_up(*repository_, source, {}, progress, {});
  ASSERT_TRUE(summary);
  EXPECT_EQ(source.reads, 3);
  ASSERT_EQ(summary->problems.size(), 1u);
  EXPECT_EQ(summary->problems[0].kind, ProblemKind::changed_while_read);
  EXPECT_EQ(summary->problems[0].path, "/file");
  EXPECT_EQ(list(summary->saved.tree)["/file"], 1u);
}

TEST_F(BackUpTest, ListsUnreadableFilesAndKeepsTheRest) {
  TroubledSource source{TroubledSource::Trouble::unreadable};
  Progress progress;
  auto summary = engine::back_up(*repository_, source, {}, progress, {});
  ASSERT_TRUE(summary);
  ASSERT_EQ(summary->problems.size(), 1u);
  EXPECT_EQ(summary->problems[0].kind, ProblemKind::unreadable);
  EXPECT_EQ(summary->problems[0].message, "input/output error");
  EXPECT_TRUE(list(summary->saved.tree).empty());
}

TEST_F(BackUpTest, AFullStoreFailsTheBackupWithItsCause) {
  storage::FaultyStore faulty{store_};
  auto opened = Repository::open(faulty, "password", {.pack_size_bytes = 4 << 20}, clock_, {});
  ASSERT_TRUE(opened);
  ASSERT_TRUE((*opened)->load_index({}));
  faulty.set_rule(
      [](storage::FaultyStore::Call call, std::string_view name) -> std::optional<Error> {
        bool is_pack = call == storage::FaultyStore::Call::save && name.starts_with("data/");
        return is_pack ? std::optional(Error{ErrorCode::exhausted, "no space left"}) : std::nullopt;
      });
  write_file(files_ / "data/large", testing::random_text(30 << 20, 6));
  auto source = open_file_system({files_ / "data"}, {});
  Progress progress;
  auto summary = engine::back_up(**opened, **source, {}, progress, {});
  EXPECT_TRUE(summary.failed_with(ErrorCode::exhausted));
  EXPECT_TRUE(repository_->list_snapshots({})->empty());
}

TEST_F(BackUpTest, MirrorsAbsolutePathsOfSeveralTargets) {
  write_file(files_ / "data/a", "1");
  std::filesystem::create_directories(files_ / "more");
  write_file(files_ / "more/b", "2");
  write_file(files_ / "other", "3");
  auto source = open_file_system({files_ / "more/", files_ / "data/a", files_ / "more/b"}, {});
  ASSERT_TRUE(source);
  Progress progress;
  auto summary =
      engine::back_up(*repository_, **source, {.estimate = Estimate::scan}, progress, {});
  ASSERT_TRUE(summary) << summary.error().message();
  auto found = list(summary->saved.tree);
  EXPECT_TRUE(found.contains(files_ / "data/a"));
  EXPECT_TRUE(found.contains(files_ / "more/b"));
  EXPECT_FALSE(found.contains(files_ / "other"));
}

}  // namespace
}  // namespace dmaas::engine
