// Stock restic judges: what we write it must accept, what it writes we must read to the byte.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"
#include "storage/open.hpp"

namespace dmaas::engine {
namespace {

namespace fs = std::filesystem;

class StockResticTest : public ::testing::Test {
protected:
  StockResticTest() {
    std::string name = "/tmp/stock_restic_test.XXXXXX";
    directory_ = mkdtemp(name.data());
    repository_path_ = directory_ / "repository";
    source_ = directory_ / "source";
    fs::create_directory(source_);
    storage::StorageOptions options;
    store_ = std::move(*storage::open_storage(repository_path_.string(), options, system_clock()));
  }
  ~StockResticTest() override { fs::remove_all(directory_); }

  /// Its exit status; output goes to the file `output_`.
  int restic(const std::string& arguments) {
    const std::string command = "cd " + source_.string() + " && RESTIC_PASSWORD=secret restic -r " +
                                repository_path_.string() + " --no-cache " + arguments + " >" +
                                (directory_ / "output").string() + " 2>&1";
    return std::system(command.c_str());
  }
  std::string output() const {
    std::ifstream file{directory_ / "output"};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  std::unique_ptr<Repository> init(unsigned version) {
    storage::StorageOptions options;
    EXPECT_TRUE(storage::create_container(repository_path_.string(), options, system_clock(), {}));
    InitOptions init;
    init.version = version;
    init.key.cost = {.n = 2, .r = 1, .p = 1};
    auto made = Repository::init(*store_, "secret", init, {}, system_clock(), {});
    EXPECT_TRUE(made) << made.error().message();
    EXPECT_TRUE((*made)->load_index({}));
    return std::move(*made);
  }
  std::unique_ptr<Repository> open() {
    auto opened = Repository::open(*store_, "secret", {}, system_clock(), {});
    EXPECT_TRUE(opened) << opened.error().message();
    EXPECT_TRUE((*opened)->load_index({}));
    return std::move(*opened);
  }

  /// A snapshot of one file in our own hand.
  void save_file(Repository& repository, const std::string& name, const Bytes& content) {
    Node node;
    node.name = name;
    node.mode = go_mode_of(S_IFREG | 0640);
    node.mtime = FileTime{1'700'000'000, 123'456'789, 0};
    node.size = content.size();
    node.content.emplace();
    for (BytesView rest = content; !rest.empty();) {
      const std::size_t length = repository.chunker().cut(
          rest.first(std::min(rest.size(), repository.chunker().max_bytes())));
      auto saved = repository.saver().save(BlobType::data, rest.first(length), {});
      ASSERT_TRUE(saved) << saved.error().message();
      node.content->push_back(saved->id);
      rest = rest.subspan(length);
    }
    TreeEncoder encoder;
    ASSERT_TRUE(encoder.add(node));
    auto tree = repository.saver().save(BlobType::tree, bytes_of(encoder.take_text()), {});
    ASSERT_TRUE(tree);
    ASSERT_TRUE(repository.saver().flush({}));
    Snapshot snapshot;
    snapshot.time = system_clock().now();
    snapshot.tree = TreeId{tree->id.digest};
    snapshot.paths = {"/" + name};
    snapshot.hostname = "ours";
    snapshot.tags = {"x=y"};
    ASSERT_TRUE(repository.save_snapshot(snapshot, {}));
  }

  void write(const fs::path& path, BytesView content) {
    std::ofstream file{path, std::ios::binary};
    file.write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
  }
  Bytes read(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return copy_of(bytes_of(text));
  }

  fs::path directory_;
  fs::path repository_path_;
  fs::path source_;
  std::unique_ptr<storage::ObjectStore> store_;
};

TEST_F(StockResticTest, AcceptsChecksAndRestoresWhatWeWrite) {
  for (unsigned version : {1U, 2U}) {
    fs::remove_all(repository_path_);
    Bytes content = crypto::random_bytes(9 << 20);
    content.resize(14 << 20);  // random, then zeros
    save_file(*init(version), "strange \xff\n\"name\"<>", content);
    ASSERT_EQ(restic("check --read-data"), 0) << output();
    EXPECT_NE(output().find("no errors were found"), std::string::npos) << output();
    ASSERT_EQ(restic("restore latest --target " + (directory_ / "out").string()), 0) << output();
    const fs::path restored = directory_ / "out" / "strange \xff\n\"name\"<>";
    EXPECT_EQ(read(restored), content);
    struct stat status{};
    ASSERT_EQ(stat(restored.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, S_IFREG | 0640U);
    EXPECT_EQ(status.st_mtim.tv_nsec, 123'456'789);
    ASSERT_EQ(restic("snapshots --tag x=y --host ours"), 0) << output();
    EXPECT_NE(output().find("1 snapshots"), std::string::npos) << output();
    fs::remove_all(directory_ / "out");
  }
}

TEST_F(StockResticTest, AppendsToAndPrunesWhatWeWroteAndWeGoOn) {
  const Bytes ours = crypto::random_bytes(3 << 20);
  save_file(*init(2), "first", ours);
  write(source_ / "theirs", crypto::random_bytes(2 << 20));
  ASSERT_EQ(restic("backup ."), 0) << output();
  save_file(*open(), "second", crypto::random_bytes(1 << 20));
  ASSERT_EQ(restic("forget --host ours --keep-last 1 --group-by host --prune --max-unused 0"), 0)
      << output();
  ASSERT_EQ(restic("check --read-data"), 0) << output();
  auto repository = open();
  EXPECT_EQ(repository->config().chunker, ChunkerKind::fastcdc);
  EXPECT_EQ(repository->load_snapshots({})->size(), 2U);
  EXPECT_FALSE(repository->has_blob(data_blob(BlobId{crypto::sha256(ours)})));
}

TEST_F(StockResticTest, ItsTreesDecodeAndEncodeToTheSameBytes) {
  for (const char* name :
       {"plain", "sp ace", "quo\"te", "back\\slash", "new\nline", "tab\t", "\xff\xfe", "grün",
        "日本", "🙂", "<&>", "\u2028", "\u00a0", "\x7f", "\x01"}) {
    write(source_ / name, bytes_of("x"));
  }
  fs::create_directory_symlink("now<h>ere", source_ / "link");
  fs::create_directory(source_ / "empty");
  ASSERT_EQ(mkfifo((source_ / "fifo").c_str(), 0600), 0);
  ASSERT_EQ(
      std::system(("cd " + source_.string() +
                   " && touch -d 1950-01-01T00:00:00.5Z old && setfattr -n user.a -v 0x00ff plain"
                   " && setfacl -m u:1:r plain")
                      .c_str()),
      0);
  for (const char* version : {"1", "2"}) {
    fs::remove_all(repository_path_);
    ASSERT_EQ(restic(std::string("init --repository-version ") + version), 0) << output();
    for (const char* zone : {"UTC", "Asia/Kolkata", "America/St_Johns"}) {
      setenv("TZ", zone, 1);
      const int status = restic("backup --with-atime .");
      unsetenv("TZ");
      ASSERT_EQ(status, 0) << output();
    }
    auto repository = open();
    EXPECT_EQ(repository->config().version, static_cast<unsigned>(*version - '0'));
    std::size_t trees = 0;
    auto check = [&](const PackedBlob& blob, BytesView plain) -> Result<> {
      if (blob.handle.type == BlobType::data) return {};
      TreeEncoder encoder;
      for (const Node& node : TRY(decode_tree(plain))) TRY(encoder.add(node));
      EXPECT_EQ(encoder.take_text(), text_of(plain));
      ++trees;
      return {};
    };
    auto checked = repository->for_each_indexed_pack(
        [&](const IndexId&, IndexPack&& pack) {
          return repository->load_blobs(pack.id, pack.blobs, check, {});
        },
        {});
    ASSERT_TRUE(checked) << checked.error().message();
    EXPECT_GE(trees, 4U);
  }
}

TEST_F(StockResticTest, OurRabinChunksAreItsChunks) {
  const Bytes content = crypto::random_bytes(20 << 20);
  write(source_ / "file", content);
  ASSERT_EQ(restic("init"), 0) << output();
  ASSERT_EQ(restic("backup ."), 0) << output();
  auto repository = open();
  ASSERT_EQ(repository->config().chunker, ChunkerKind::rabin);
  for (BytesView rest = content; !rest.empty();) {
    const auto& chunker = repository->chunker();
    const std::size_t length = chunker.cut(rest.first(std::min(rest.size(), chunker.max_bytes())));
    const BlobHandle chunk = data_blob(BlobId{crypto::sha256(rest.first(length))});
    ASSERT_TRUE(repository->has_blob(chunk));
    EXPECT_EQ(*repository->load_blob(chunk, {}), copy_of(rest.first(length)));
    rest = rest.subspan(length);
  }
}

TEST_F(StockResticTest, LocksAndKeysWorkBothWays) {
  auto repository = init(2);
  {
    auto lock = repository->lock(LockKind::exclusive, std::chrono::seconds{0}, {});
    ASSERT_TRUE(lock);
    write(source_ / "file", bytes_of("x"));
    EXPECT_NE(restic("backup ."), 0);
    EXPECT_NE(output().find("locked exclusively by PID " + std::to_string(getpid())),
              std::string::npos)
        << output();
  }
  EXPECT_EQ(restic("backup ."), 0) << output();
  write(directory_ / "new_password", bytes_of("second"));
  ASSERT_EQ(restic("key add --new-password-file " + (directory_ / "new_password").string()), 0)
      << output();
  EXPECT_TRUE(Repository::open(*store_, "second", {}, system_clock(), {}));
  EXPECT_EQ(repository->list_keys({})->size(), 2U);
  // While it backs up from a pipe that stays open it holds its lock.
  FILE* const pipe = popen(("RESTIC_PASSWORD=secret restic -r " + repository_path_.string() +
                            " --no-cache backup --stdin >/dev/null 2>&1")
                               .c_str(),
                           "w");
  ASSERT_NE(pipe, nullptr);
  auto locks = [&] {
    std::size_t count = 0;
    EXPECT_TRUE(repository->list_files(FileKind::lock,
                                       [&](const StoredFile&) -> Result<> {
                                         ++count;
                                         return {};
                                       },
                                       {}));
    return count;
  };
  for (int i = 0; i < 200 && locks() == 0; ++i) usleep(50'000);
  EXPECT_TRUE(repository->lock(LockKind::exclusive, std::chrono::seconds{0}, {})
                  .failed_with(ErrorCode::locked));
  EXPECT_TRUE(repository->lock(LockKind::shared, std::chrono::seconds{0}, {}));
  EXPECT_EQ(*repository->unlock(Unlock::stale_only, {}), 0U);
  fputs("content", pipe);
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_TRUE(repository->lock(LockKind::exclusive, std::chrono::seconds{0}, {}));
}

}  // namespace
}  // namespace dmaas::engine
