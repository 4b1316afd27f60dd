#include "engine/repository/repository.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/encoding.hpp"
#include "crypto/random.hpp"
#include "engine/format/polynomial.hpp"
#include "engine/index/blob_index.hpp"
#include "engine/repository/blob_pipeline.hpp"
#include "engine/repository/blob_reader.hpp"
#include "engine/repository/in_parallel.hpp"
#include "engine/repository/key_ring.hpp"

namespace dmaas::engine {

namespace {

unsigned core_count() {
  return std::max(1U, std::thread::hardware_concurrency());
}

KeyFile key_file_of(const LockOwner& owner, const KeyOptions& options, Timestamp now) {
  KeyFile file;
  file.created = now;
  file.username = owner.username;
  file.hostname = owner.hostname;
  file.cost = options.cost;
  return file;
}

// The one kind of repository there is; the interface keeps its parts out of other translation
// units.
class OpenRepository final : public Repository {
public:
  OpenRepository(storage::ObjectStore& store, OpenedKey key, const RepositoryOptions& options,
                 Clock& clock)
      : store_(store),
        clock_(clock),
        key_(std::move(key)),
        options_(options),
        files_(store, key_.master_key, key_.config.version),
        chunker_(make_chunker(key_.config, key_.master_key)),
        index_(std::make_unique<BlobIndex>()),
        reader_(std::make_unique<BlobReader>(store, key_.master_key, *index_)) {}

  const Config& config() const override { return key_.config; }
  const MasterKey& master_key() const override { return key_.master_key; }
  storage::ObjectStore& store() override { return store_; }
  Clock& clock() override { return clock_; }
  const Chunker& chunker() const override { return *chunker_; }
  ChunkerParameters chunker_parameters() const override {
    const auto& config = key_.config;
    ChunkerParameters parameters{config.chunker, config.chunker_polynomial, {}};
    if (config.chunker == ChunkerKind::fastcdc) parameters.gear = gear_of(config, key_.master_key);
    return parameters;
  }

  Result<std::vector<StoredKey>> list_keys(std::stop_token stop) override;
  Result<KeyId> add_key(std::string_view password, const KeyOptions& options,
                        std::stop_token stop) override;
  Result<> remove_key(const KeyId& id, std::stop_token stop) override;
  Result<KeyId> change_password(std::string_view password, const KeyOptions& options,
                                std::stop_token stop) override;

  Result<std::unique_ptr<RepositoryLock>> lock(LockKind kind, std::chrono::nanoseconds wait,
                                               std::stop_token stop) override {
    return acquire_lock(files_, clock_, options_.owner, kind, wait, std::move(stop));
  }
  Result<std::size_t> unlock(Unlock which, std::stop_token stop) override {
    return remove_locks(files_, clock_, options_.owner, which, std::move(stop));
  }

  Result<std::vector<SnapshotId>> list_snapshots(std::stop_token stop) override;
  Result<Snapshot> load_snapshot(const SnapshotId& id, std::stop_token stop) override;
  Result<std::vector<StoredSnapshot>> load_snapshots(std::stop_token stop) override;
  Result<SnapshotId> find_snapshot(std::string_view prefix, std::stop_token stop) override;
  Result<SnapshotId> save_snapshot(const Snapshot& snapshot, std::stop_token stop) override;
  Result<> remove_snapshot(const SnapshotId& id, std::stop_token stop) override {
    return files_.remove(FileKind::snapshot, id.digest, std::move(stop));
  }

  Result<> load_index(std::stop_token stop) override;
  std::optional<BlobLocation> find_blob(const BlobHandle& handle) const override {
    return index_->find(handle);
  }
  bool has_blob(const BlobHandle& handle) const override { return index_->contains(handle); }
  std::size_t blob_count() const override { return index_->entry_count(); }
  void mark_packs(const std::unordered_set<PackId>& packs) override { index_->mark(packs); }
  Result<> for_each_indexed_pack(const std::function<Result<>(const IndexId&, IndexPack&&)>& each,
                                 std::stop_token stop) override;

  Result<Bytes> load_blob(const BlobHandle& handle, std::stop_token stop) override {
    return reader_->load_blob(handle, std::move(stop));
  }
  Result<> load_blobs(const PackId& pack, std::span<const PackedBlob> blobs, const BlobSink& each,
                      std::stop_token stop) override {
    return reader_->load_blobs(pack, blobs, each, std::move(stop));
  }
  BlobSaver& saver() override;

  Result<> list_files(FileKind kind, const std::function<Result<>(const StoredFile&)>& each,
                      std::stop_token stop) override {
    return files_.list(kind, each, std::move(stop));
  }
  Result<std::string> load_file(FileKind kind, const Digest& id, std::stop_token stop) override {
    return files_.load(kind, id, std::move(stop));
  }
  Result<Digest> save_file(FileKind kind, std::string_view json, std::stop_token stop) override {
    return files_.save(kind, json, std::move(stop));
  }
  Result<> remove_file(FileKind kind, const Digest& id, std::stop_token stop) override {
    return files_.remove(kind, id, std::move(stop));
  }

private:
  Result<std::vector<Digest>> ids_of(FileKind kind, std::stop_token stop);
  // Enough that neither the store nor the processor waits.
  std::size_t loading_threads() const { return std::max(store_.connections(), core_count()); }

  storage::ObjectStore& store_;
  Clock& clock_;
  OpenedKey key_;
  const RepositoryOptions options_;
  const StoredFiles files_;
  const std::unique_ptr<Chunker> chunker_;
  std::unique_ptr<BlobIndex> index_;
  std::unique_ptr<BlobReader> reader_;
  std::mutex saver_mutex_;
  std::unique_ptr<BlobPipeline> saver_;
};

Result<std::vector<Digest>> OpenRepository::ids_of(FileKind kind, std::stop_token stop) {
  std::vector<Digest> ids;
  auto add = [&](const StoredFile& file) -> Result<> {
    ids.push_back(file.id);
    return {};
  };
  TRY(files_.list(kind, add, stop));
  return ids;
}

Result<std::vector<StoredKey>> OpenRepository::list_keys(std::stop_token stop) {
  std::vector<StoredKey> keys;
  for (const Digest& id : TRY(ids_of(FileKind::key, stop))) {
    const std::string json = TRY(files_.load(FileKind::key, id, stop));
    KeyFile file = TRY(decode_key_file(json).context(object_name(FileKind::key, id)));
    keys.push_back({KeyId{id}, file.created, file.username, file.hostname, id == key_.id.digest});
  }
  return keys;
}

Result<KeyId> OpenRepository::add_key(std::string_view password, const KeyOptions& options,
                                      std::stop_token stop) {
  return save_key_file(store_, key_.master_key, password,
                       key_file_of(options_.owner, options, clock_.now()), stop);
}

Result<> OpenRepository::remove_key(const KeyId& id, std::stop_token stop) {
  if (id == key_.id) {
    return fail(ErrorCode::invalid_input,
                "the key in use cannot be removed; open the repository with another password");
  }
  const auto ids = TRY(ids_of(FileKind::key, stop));
  if (std::ranges::find(ids, id.digest) == ids.end()) {
    return fail(ErrorCode::not_found, fmt::format("there is no key {}", id.short_hex()));
  }
  if (ids.size() == 1) {
    return fail(ErrorCode::invalid_input,
                "the last key cannot be removed: nothing would open the repository again");
  }
  return files_.remove(FileKind::key, id.digest, stop);
}

Result<KeyId> OpenRepository::change_password(std::string_view password, const KeyOptions& options,
                                              std::stop_token stop) {
  const KeyId added = TRY(add_key(password, options, stop));
  const KeyId former = std::exchange(key_.id, added);
  if (!former.is_null()) TRY(files_.remove(FileKind::key, former.digest, stop));
  return added;
}

Result<std::vector<SnapshotId>> OpenRepository::list_snapshots(std::stop_token stop) {
  std::vector<SnapshotId> ids;
  for (const Digest& id : TRY(ids_of(FileKind::snapshot, stop))) ids.push_back(SnapshotId{id});
  return ids;
}

Result<Snapshot> OpenRepository::load_snapshot(const SnapshotId& id, std::stop_token stop) {
  const std::string json = TRY(files_.load(FileKind::snapshot, id.digest, stop));
  return decode_snapshot(json).context(object_name(FileKind::snapshot, id.digest));
}

Result<std::vector<StoredSnapshot>> OpenRepository::load_snapshots(std::stop_token stop) {
  const auto ids = TRY(list_snapshots(stop));
  std::vector<std::optional<StoredSnapshot>> loaded(ids.size());
  auto load = [&](std::size_t i, std::stop_token group_stop) -> Result<> {
    auto snapshot = load_snapshot(ids[i], group_stop);
    if (snapshot.failed_with(ErrorCode::not_found)) return {};  // just removed
    loaded[i] = StoredSnapshot{ids[i], TRY(std::move(snapshot))};
    return {};
  };
  TRY(in_parallel(ids.size(), loading_threads(), stop, load));
  std::vector<StoredSnapshot> snapshots;
  for (auto& snapshot : loaded) {
    if (snapshot) snapshots.push_back(std::move(*snapshot));
  }
  std::ranges::sort(snapshots, [](const StoredSnapshot& a, const StoredSnapshot& b) {
    return std::tie(a.snapshot.time, a.id) < std::tie(b.snapshot.time, b.id);
  });
  return snapshots;
}

Result<SnapshotId> OpenRepository::find_snapshot(std::string_view prefix, std::stop_token stop) {
  std::optional<SnapshotId> found;
  for (const SnapshotId& id : TRY(list_snapshots(stop))) {
    if (!id.hex().starts_with(prefix)) continue;
    if (found) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("more than one snapshot begins with {:?}; give more digits", prefix));
    }
    found = id;
  }
  if (!found) {
    return fail(ErrorCode::not_found, fmt::format("no snapshot begins with {:?}", prefix));
  }
  return *found;
}

Result<SnapshotId> OpenRepository::save_snapshot(const Snapshot& snapshot, std::stop_token stop) {
  return SnapshotId{TRY(files_.save(FileKind::snapshot, encode_snapshot(snapshot), stop))};
}

Result<> OpenRepository::load_index(std::stop_token stop) {
  const auto ids = TRY(ids_of(FileKind::index, stop));
  auto loaded = std::make_unique<BlobIndex>();
  auto add = [&](IndexPack&& pack) -> Result<> {
    loaded->load(pack);
    return {};
  };
  auto load = [&](std::size_t i, std::stop_token group_stop) -> Result<> {
    std::string json = TRY(files_.load(FileKind::index, ids[i], group_stop));
    return for_each_pack(std::move(json), add).context(object_name(FileKind::index, ids[i]));
  };
  TRY(in_parallel(ids.size(), loading_threads(), stop, load));
  loaded->finish_loading();
  std::lock_guard lock{saver_mutex_};
  saver_.reset();
  reader_ = std::make_unique<BlobReader>(store_, key_.master_key, *loaded);
  index_ = std::move(loaded);
  return {};
}

Result<> OpenRepository::for_each_indexed_pack(
    const std::function<Result<>(const IndexId&, IndexPack&&)>& each, std::stop_token stop) {
  for (const Digest& id : TRY(ids_of(FileKind::index, stop))) {
    std::string json = TRY(files_.load(FileKind::index, id, stop));
    TRY(for_each_pack(std::move(json), [&](IndexPack&& pack) {
          return each(IndexId{id}, std::move(pack));
        }).context(object_name(FileKind::index, id)));
  }
  return {};
}

BlobSaver& OpenRepository::saver() {
  std::lock_guard lock{saver_mutex_};
  if (!saver_) {
    PipelineOptions options;
    options.repository_version = key_.config.version;
    options.pack_size_bytes = options_.pack_size_bytes;
    options.compression_level = options_.compression_level;
    options.workers = options_.workers != 0 ? options_.workers : core_count();
    saver_ =
        std::make_unique<BlobPipeline>(store_, key_.master_key, files_, *index_, clock_, options);
  }
  return *saver_;
}

Result<Config> make_config(const InitOptions& init) {
  Config config;
  config.version = init.version;
  config.id = hex_encode(crypto::random_bytes(32));
  config.chunker_polynomial = init.chunker.polynomial.value_or(0);
  if (!init.chunker.polynomial) config.chunker_polynomial = random_polynomial();
  config.chunker = init.chunker.kind;
  config.gear = init.chunker.gear;
  if (init.version < 1 || init.version > 2) {
    return fail(ErrorCode::unsupported,
                fmt::format("there is no repository format {}; use 1 or 2", init.version));
  }
  if (!is_irreducible(config.chunker_polynomial)) {
    return fail(ErrorCode::invalid_input, "the chunker polynomial is not irreducible");
  }
  return config;
}

}  // namespace

Result<std::unique_ptr<Repository>> Repository::init(storage::ObjectStore& store,
                                                     std::string_view password,
                                                     const InitOptions& init,
                                                     const RepositoryOptions& options, Clock& clock,
                                                     std::stop_token stop) {
  const Config config = TRY(make_config(init));
  const MasterKey key = init.master_key.value_or(MasterKey::random());
  auto existing = store.stat(config_name, stop);
  if (existing) {
    return fail(ErrorCode::already_exists,
                fmt::format("there is a repository at {} already", store.location()));
  }
  if (!existing.failed_with(ErrorCode::not_found)) return fail(std::move(existing).error());
  const KeyId key_id = TRY(
      save_key_file(store, key, password, key_file_of(options.owner, init.key, clock.now()), stop));
  if (auto saved = save_config(store, key, config, stop); !saved) {
    // Best effort: a key without its config only costs a try when opening.
    static_cast<void>(store.remove(object_name(FileKind::key, key_id.digest), stop));
    return fail(std::move(saved).error());
  }
  return std::make_unique<OpenRepository>(store, OpenedKey{key_id, key, config}, options, clock);
}

Result<std::unique_ptr<Repository>> Repository::open(storage::ObjectStore& store,
                                                     std::string_view password,
                                                     const RepositoryOptions& options, Clock& clock,
                                                     std::stop_token stop) {
  OpenedKey key = TRY(unlock_with_password(store, password, stop));
  return std::make_unique<OpenRepository>(store, std::move(key), options, clock);
}

Result<std::unique_ptr<Repository>> Repository::open_with_key(storage::ObjectStore& store,
                                                              const MasterKey& key,
                                                              const RepositoryOptions& options,
                                                              Clock& clock, std::stop_token stop) {
  const Config config = TRY(load_config(store, key, stop));
  return std::make_unique<OpenRepository>(store, OpenedKey{{}, key, config}, options, clock);
}

}  // namespace dmaas::engine
