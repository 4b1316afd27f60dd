#include "engine/repository/repository.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "engine/testing/file_tree.hpp"
#include "storage/local/local_store.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::engine {
namespace {

using storage::FaultyStore;
using storage::MemoryStore;

constexpr std::string_view password = "correct horse";
const KeyOptions cheap_key{{.n = 2, .r = 1, .p = 1}};

RepositoryOptions small_packs() {
  RepositoryOptions options;
  options.pack_size_bytes = 64 << 10;
  options.workers = 2;
  return options;
}

std::unique_ptr<Repository> make(storage::ObjectStore& store, unsigned version = 2) {
  InitOptions init;
  init.version = version;
  init.key = cheap_key;
  auto made = Repository::init(store, password, init, small_packs(), system_clock(), {});
  EXPECT_TRUE(made) << made.error().message();
  EXPECT_TRUE((*made)->load_index({}));
  return std::move(*made);
}

std::unique_ptr<Repository> open(storage::ObjectStore& store) {
  auto opened = Repository::open(store, password, small_packs(), system_clock(), {});
  EXPECT_TRUE(opened) << opened.error().message();
  EXPECT_TRUE((*opened)->load_index({}));
  return std::move(*opened);
}

// Blobs of all sizes; every other one compresses well.
std::vector<Bytes> sample_blobs(std::size_t count) {
  std::vector<Bytes> blobs;
  for (std::size_t i = 0; i < count; ++i) {
    Bytes blob = crypto::random_bytes(1 + i * 977 % 20'000);
    if (i % 2 == 0) std::fill(blob.begin() + 1 + static_cast<int>(blob.size() / 9), blob.end(), 7);
    blobs.push_back(std::move(blob));
  }
  return blobs;
}

BlobHandle handle_of(BytesView blob, BlobType type = BlobType::data) {
  return {type, BlobId{crypto::sha256(blob)}};
}

Result<> save_all(Repository& repository, const std::vector<Bytes>& blobs) {
  for (const Bytes& blob : blobs) TRY(repository.saver().save(BlobType::data, blob, {}));
  return repository.saver().flush({});
}

std::size_t objects_below(storage::ObjectStore& store, std::string_view directory) {
  std::size_t count = 0;
  auto add = [&](const storage::ObjectInfo&) -> Result<> {
    ++count;
    return {};
  };
  EXPECT_TRUE(store.list(directory, add, {}));
  return count;
}

/// What `check --read-data` looks at: each index entry against the header of its pack and its
/// blobs.
void expect_consistent(Repository& repository) {
  auto check = [&](const IndexId&, IndexPack&& pack) -> Result<> {
    const Bytes bytes = TRY(repository.store().load_all(object_name(pack.id), {}));
    EXPECT_EQ(crypto::sha256(bytes), pack.id.digest);
    const BytesView all{bytes};
    const BytesView field = all.last(4);
    const std::size_t length = field[0] | field[1] << 8 | field[2] << 16;
    crypto::Sealer sealer{repository.master_key()};
    const Bytes header = TRY(sealer.open(all.last(4 + length).first(length)));
    EXPECT_EQ(TRY(decode_pack_header(header)), pack.blobs);
    std::size_t seen = 0;
    TRY(repository.load_blobs(pack.id, pack.blobs,
                              [&](const PackedBlob& blob, BytesView plain) -> Result<> {
                                EXPECT_EQ(crypto::sha256(plain), blob.handle.id.digest);
                                ++seen;
                                return {};
                              },
                              {}));
    EXPECT_EQ(seen, pack.blobs.size());
    return {};
  };
  auto checked = repository.for_each_indexed_pack(check, {});
  EXPECT_TRUE(checked) << checked.error().message();
}

TEST(RepositoryTest, ReadsNeighbouringTreesByOneRequest) {
  MemoryStore memory;
  std::vector<Bytes> trees;
  for (int i = 0; i < 1000; ++i) trees.push_back(copy_of(bytes_of(fmt::format("tree {}", i))));
  {
    auto repository = make(memory);
    for (const Bytes& tree : trees) ASSERT_TRUE(repository->saver().save(BlobType::tree, tree, {}));
    ASSERT_TRUE(repository->saver().flush({}));
  }
  FaultyStore store{memory};
  auto repository = open(store);
  const std::size_t before = store.calls();
  for (const Bytes& tree : trees) {
    auto loaded = repository->load_blob(handle_of(tree, BlobType::tree), {});
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(*loaded, tree);
  }
  EXPECT_LE(store.calls() - before, 3U);
}

TEST(RepositoryTest, GivesBackBlobsAfterItIsOpenedAgain) {
  for (unsigned version : {1U, 2U}) {
    MemoryStore store;
    const auto blobs = sample_blobs(200);
    ASSERT_TRUE(save_all(*make(store, version), blobs));
    auto repository = open(store);
    EXPECT_EQ(repository->config().version, version);
    for (const Bytes& blob : blobs) {
      auto loaded = repository->load_blob(handle_of(blob), {});
      ASSERT_TRUE(loaded) << loaded.error().message();
      EXPECT_EQ(*loaded, blob);
      EXPECT_EQ(repository->find_blob(handle_of(blob))->plain_length(), blob.size());
    }
    EXPECT_GT(objects_below(store, "data"), 5U);
    expect_consistent(*repository);
  }
}

TEST(RepositoryTest, Version1HasNoCompressedBlob) {
  MemoryStore store;
  auto repository = make(store, 1);
  ASSERT_TRUE(save_all(*repository, sample_blobs(20)));
  ASSERT_TRUE(repository->for_each_indexed_pack(
      [](const IndexId&, IndexPack&& pack) -> Result<> {
        for (const PackedBlob& blob : pack.blobs) EXPECT_EQ(blob.uncompressed_length, 0U);
        return {};
      },
      {}));
}

TEST(RepositoryTest, StoresEqualBlobsOnceAlsoFromManyThreads) {
  MemoryStore store;
  auto repository = make(store);
  const auto blobs = sample_blobs(300);
  std::atomic<std::size_t> fresh{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (const Bytes& blob : blobs) {
          auto saved = repository->saver().save(BlobType::data, blob, {});
          ASSERT_TRUE(saved);
          fresh += saved->is_new ? 1 : 0;
        }
      });
    }
  }
  ASSERT_TRUE(repository->saver().flush({}));
  EXPECT_EQ(fresh, blobs.size());
  auto again = open(store);
  EXPECT_EQ(again->blob_count(), blobs.size());
  EXPECT_FALSE(again->saver().save(BlobType::data, blobs[5], {})->is_new);
  EXPECT_TRUE(again->saver().save(BlobType::tree, blobs[5], {})->is_new);
}

TEST(RepositoryTest, SubmittedBlobsReportTheirIds) {
  MemoryStore store;
  auto repository = make(store);
  const auto blobs = sample_blobs(100);
  std::vector<BlobId> ids(blobs.size());
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    ByteBuffer buffer = repository->saver().take_buffer();
    buffer.append(blobs[i]);
    ASSERT_TRUE(repository->saver().submit(BlobType::data, std::move(buffer),
                                           [&, i](const SavedBlob& saved) { ids[i] = saved.id; },
                                           {}));
  }
  ASSERT_TRUE(repository->saver().flush({}));
  for (std::size_t i = 0; i < blobs.size(); ++i) EXPECT_EQ(ids[i], handle_of(blobs[i]).id);
  expect_consistent(*repository);
}

TEST(RepositoryTest, NeverMixesDataAndTrees) {
  MemoryStore store;
  auto repository = make(store);
  for (const Bytes& blob : sample_blobs(100)) {
    ASSERT_TRUE(repository->saver().save(BlobType::data, blob, {}));
    ASSERT_TRUE(repository->saver().save(BlobType::tree, blob, {}));
  }
  ASSERT_TRUE(repository->saver().flush({}));
  auto check = [](const IndexId&, IndexPack&& pack) -> Result<> {
    for (const PackedBlob& blob : pack.blobs) {
      EXPECT_EQ(blob.handle.type, pack.blobs.front().handle.type);
      EXPECT_TRUE(blob.handle.type == BlobType::data || blob.uncompressed_length != 0);
    }
    return {};
  };
  ASSERT_TRUE(repository->for_each_indexed_pack(check, {}));
}

TEST(RepositoryTest, SmallBackupMakesOneDataPack) {
  MemoryStore store;
  auto repository = make(store);
  ASSERT_TRUE(save_all(*repository, {{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}}));
  EXPECT_EQ(objects_below(store, "data"), 1U);
  EXPECT_EQ(objects_below(store, "index"), 1U);
  ASSERT_TRUE(repository->saver().flush({}));
  EXPECT_EQ(objects_below(store, "index"), 1U);
}

TEST(RepositoryTest, OpensByKeyOrPasswordAndNothingElse) {
  MemoryStore store;
  const MasterKey key = make(store)->master_key();
  EXPECT_TRUE(Repository::open_with_key(store, key, small_packs(), system_clock(), {}));
  EXPECT_TRUE(
      Repository::open_with_key(store, MasterKey::random(), small_packs(), system_clock(), {})
          .failed_with(ErrorCode::wrong_key));
  auto refused = Repository::open(store, "wrong", small_packs(), system_clock(), {});
  ASSERT_TRUE(refused.failed_with(ErrorCode::wrong_key));
  EXPECT_EQ(refused.error().message().find("wrong"), std::string::npos);
  MemoryStore empty;
  EXPECT_TRUE(Repository::open(empty, password, small_packs(), system_clock(), {})
                  .failed_with(ErrorCode::not_found));
  EXPECT_TRUE(
      Repository::init(store, password, {.key = cheap_key}, small_packs(), system_clock(), {})
          .failed_with(ErrorCode::already_exists));
}

TEST(RepositoryTest, KeysComeAndGo) {
  MemoryStore store;
  auto repository = make(store);
  auto second = repository->add_key("second", cheap_key, {});
  ASSERT_TRUE(second);
  EXPECT_EQ(repository->list_keys({})->size(), 2U);
  EXPECT_TRUE(Repository::open(store, "second", small_packs(), system_clock(), {}));
  EXPECT_TRUE(repository->remove_key(*second, {}));
  EXPECT_TRUE(Repository::open(store, "second", small_packs(), system_clock(), {})
                  .failed_with(ErrorCode::wrong_key));
  EXPECT_TRUE(repository->remove_key(*second, {}).failed_with(ErrorCode::not_found));
  const auto keys = repository->list_keys({});
  ASSERT_EQ(keys->size(), 1U);
  EXPECT_TRUE(keys->front().is_current);
  EXPECT_TRUE(repository->remove_key(keys->front().id, {}).failed_with(ErrorCode::invalid_input));
  ASSERT_TRUE(repository->change_password("third", cheap_key, {}));
  EXPECT_EQ(repository->list_keys({})->size(), 1U);
  EXPECT_TRUE(Repository::open(store, "third", small_packs(), system_clock(), {}));
}

TEST(RepositoryTest, KeepsSnapshots) {
  MemoryStore store;
  auto repository = make(store);
  Snapshot snapshot;
  snapshot.paths = {"/data"};
  std::vector<SnapshotId> ids;
  for (int i = 9; i > 0; --i) {
    snapshot.time = Timestamp{std::chrono::seconds{i}};
    ids.push_back(*repository->save_snapshot(snapshot, {}));
  }
  auto all = repository->load_snapshots({});
  ASSERT_EQ(all->size(), 9U);
  EXPECT_EQ(all->front().id, ids.back());
  EXPECT_EQ(*repository->find_snapshot(ids[3].hex().substr(0, 12), {}), ids[3]);
  EXPECT_TRUE(repository->find_snapshot("", {}).failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(repository->remove_snapshot(ids[3], {}));
  EXPECT_TRUE(repository->find_snapshot(ids[3].hex(), {}).failed_with(ErrorCode::not_found));
}

TEST(RepositoryTest, ReportsDamageOfEachKindOfFile) {
  MemoryStore store;
  {
    auto repository = make(store);
    ASSERT_TRUE(save_all(*repository, sample_blobs(20)));
    ASSERT_TRUE(repository->save_snapshot({}, {}));
  }
  auto repository = open(store);
  for (auto& [name, bytes] : store.objects()) {
    if (!name.starts_with("keys/") && name != "config") bytes[bytes.size() / 2] ^= 1;
  }
  EXPECT_TRUE(repository->load_snapshots({}).failed_with(ErrorCode::corrupt));
  EXPECT_TRUE(repository->load_index({}).failed_with(ErrorCode::corrupt));
}

TEST(RepositoryTest, ReadsAnotherCopyWhenOneIsDamagedMissingOrShort) {
  enum class Damage { changed, missing, truncated };
  for (Damage damage : {Damage::changed, Damage::missing, Damage::truncated}) {
    MemoryStore store;
    const auto blobs = sample_blobs(10);
    make(store);
    // Two writers that do not know of each other.
    auto first = open(store);
    auto second = open(store);
    ASSERT_TRUE(save_all(*first, blobs));
    std::vector<PackedBlob> listed;
    PackId pack;
    ASSERT_TRUE(first->for_each_indexed_pack(
        [&](const IndexId&, IndexPack&& found) -> Result<> {
          pack = found.id;
          listed = std::move(found.blobs);
          return {};
        },
        {}));
    ASSERT_TRUE(save_all(*second, blobs));
    Bytes& bytes = store.objects()[object_name(pack)];
    if (damage == Damage::changed) std::ranges::fill(bytes, 0);
    if (damage == Damage::truncated) bytes.resize(bytes.size() / 3);
    if (damage == Damage::missing) store.objects().erase(object_name(pack));

    auto repository = open(store);
    for (const Bytes& blob : blobs) EXPECT_EQ(*repository->load_blob(handle_of(blob), {}), blob);
    std::size_t seen = 0;
    auto loaded = repository->load_blobs(pack, listed,
                                         [&](const PackedBlob& blob, BytesView plain) -> Result<> {
                                           EXPECT_EQ(crypto::sha256(plain), blob.handle.id.digest);
                                           ++seen;
                                           return {};
                                         },
                                         {});
    EXPECT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(seen, listed.size());
  }
}

TEST(RepositoryTest, DamageWithoutAnotherCopyIsCorrupt) {
  MemoryStore store;
  auto repository = make(store);
  const auto blobs = sample_blobs(5);
  ASSERT_TRUE(save_all(*repository, blobs));
  std::erase_if(store.objects(), [](auto& object) { return object.first.starts_with("data/"); });
  EXPECT_TRUE(repository->load_blob(handle_of(blobs[0]), {}).failed_with(ErrorCode::corrupt));
  EXPECT_TRUE(repository->load_blob(handle_of(Bytes{9, 9}), {}).failed_with(ErrorCode::not_found));
}

TEST(RepositoryTest, LoadsChosenBlobsOfAPackInOrderOfOffset) {
  MemoryStore store;
  auto repository = make(store);
  ASSERT_TRUE(save_all(*repository, sample_blobs(60)));
  auto check = [&](const IndexId&, IndexPack&& pack) -> Result<> {
    std::vector<PackedBlob> chosen;
    for (std::size_t i = 0; i < pack.blobs.size(); i += 3) chosen.push_back(pack.blobs[i]);
    std::ranges::reverse(chosen);
    std::vector<std::uint32_t> offsets;
    TRY(repository->load_blobs(pack.id, chosen,
                               [&](const PackedBlob& blob, BytesView) -> Result<> {
                                 offsets.push_back(blob.offset);
                                 return {};
                               },
                               {}));
    EXPECT_EQ(offsets.size(), chosen.size());
    EXPECT_TRUE(std::ranges::is_sorted(offsets));
    return {};
  };
  ASSERT_TRUE(repository->for_each_indexed_pack(check, {}));
}

TEST(RepositoryTest, ConsumerEndsTheLoading) {
  MemoryStore store;
  auto repository = make(store);
  ASSERT_TRUE(save_all(*repository, sample_blobs(10)));
  auto check = [&](const IndexId&, IndexPack&& pack) {
    return repository->load_blobs(pack.id, pack.blobs,
                                  [](const PackedBlob&, BytesView) -> Result<> {
                                    return fail(ErrorCode::exhausted, "disk full");
                                  },
                                  {});
  };
  EXPECT_TRUE(repository->for_each_indexed_pack(check, {}).failed_with(ErrorCode::exhausted));
}

TEST(RepositoryTest, AnySingleFailedSaveLeavesAConsistentRepositoryAndARetrySucceeds) {
  const auto blobs = sample_blobs(150);
  for (auto outcome : {FaultyStore::FailedSave::not_stored, FaultyStore::FailedSave::stored}) {
    bool has_failed = true;
    for (std::size_t failing = 0; has_failed; ++failing) {
      MemoryStore inner;
      make(inner);
      FaultyStore store{inner};
      std::size_t saves = 0;
      has_failed = false;
      store.set_rule(
          [&](FaultyStore::Call call, std::string_view) -> std::optional<Error> {
            if (call != FaultyStore::Call::save || saves++ != failing) return std::nullopt;
            has_failed = true;
            return Error(ErrorCode::unavailable, "the line is cut");
          },
          outcome);
      {
        auto repository = open(store);
        auto saved = save_all(*repository, blobs);
        EXPECT_EQ(saved.has_value(), !has_failed);
        if (has_failed) {
          EXPECT_EQ(saved.code(), ErrorCode::unavailable);
          EXPECT_FALSE(repository->saver().flush({}));
        }
      }
      auto repository = open(inner);
      expect_consistent(*repository);
      ASSERT_TRUE(save_all(*repository, blobs));
      for (const Bytes& blob : blobs) ASSERT_TRUE(repository->load_blob(handle_of(blob), {}));
    }
  }
}

TEST(RepositoryTest, NamesNoPackInAnIndexBeforeTheDiskHasIt) {
  const testing::TemporaryDirectory directory;
  const auto local = storage::open_local_store(directory / "repository", 2);
  make(*local);
  FaultyStore store{*local};
  store.set_rule([](FaultyStore::Call call, std::string_view) -> std::optional<Error> {
    if (call != FaultyStore::Call::complete_saves) return std::nullopt;
    return Error(ErrorCode::unavailable, "the disk is gone");
  });
  const auto blobs = sample_blobs(300);
  EXPECT_EQ(save_all(*open(store), blobs).code(), ErrorCode::unavailable);
  auto none = [](const storage::ObjectInfo& info) -> Result<> {
    return fail(ErrorCode::already_exists, info.name);
  };
  EXPECT_TRUE(local->list("index", none, {}));
  EXPECT_TRUE(local->list("data", none, {}));

  store.set_rule({});
  ASSERT_TRUE(save_all(*open(store), blobs));
  auto repository = open(*local);
  expect_consistent(*repository);
  for (const Bytes& blob : blobs) ASSERT_TRUE(repository->load_blob(handle_of(blob), {}));
}

TEST(RepositoryTest, StopEndsSavingAtOnceThoughUploadsHang) {
  class HangingStore final : public storage::ObjectStore {
  public:
    explicit HangingStore(MemoryStore& inner) : inner_(inner) {}
    std::string location() const override { return "hanging:"; }
    unsigned connections() const override { return 2; }
    Result<storage::ObjectInfo> stat(std::string_view name, std::stop_token stop) override {
      return inner_.stat(name, stop);
    }
    Result<> load(std::string_view name, storage::Range range, const storage::Sink& sink,
                  std::stop_token stop) override {
      return inner_.load(name, range, sink, stop);
    }
    Result<> save(std::string_view, storage::ObjectSource&, const storage::SaveOptions&,
                  std::stop_token stop) override {
      system_clock().sleep(std::chrono::hours{1}, stop);
      return fail(ErrorCode::cancelled, "stopped");
    }
    Result<> remove(std::string_view name, std::stop_token stop) override {
      return inner_.remove(name, stop);
    }
    Result<> list(std::string_view directory,
                  const std::function<Result<>(const storage::ObjectInfo&)>& each,
                  std::stop_token stop) override {
      return inner_.list(directory, each, stop);
    }

  private:
    MemoryStore& inner_;
  };
  MemoryStore inner;
  make(inner);
  HangingStore store{inner};
  auto repository = open(store);
  std::stop_source stop;
  std::jthread stopper{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    stop.request_stop();
  }};
  const auto begin = std::chrono::steady_clock::now();
  Result<> result{};
  while (result) {  // until the queue is full and the stop comes
    auto saved =
        repository->saver().save(BlobType::data, crypto::random_bytes(50'000), stop.get_token());
    if (!saved) result = fail(saved.error());
  }
  EXPECT_TRUE(result.failed_with(ErrorCode::cancelled));
  repository.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{1});
}

TEST(RepositoryTest, LongBackupSavesIndexFilesOnTheWay) {
  MemoryStore store;
  make(store);
  ManualClock clock{Timestamp{std::chrono::seconds{1'700'000'000}}};
  auto repository = std::move(*Repository::open(store, password, small_packs(), clock, {}));
  ASSERT_TRUE(repository->load_index({}));
  // The index in the making is looked at when a pack has been uploaded.
  for (int i = 0; i < 100 && objects_below(store, "index") == 0; ++i) {
    ASSERT_TRUE(repository->saver().save(BlobType::data, crypto::random_bytes(70'000), {}));
    clock.advance(std::chrono::minutes{6});
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  EXPECT_GE(objects_below(store, "index"), 1U);
}

}  // namespace
}  // namespace dmaas::engine
