#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/derive.hpp"
#include "engine/chunking/chunker.hpp"
#include "engine/format/blob.hpp"
#include "engine/format/config.hpp"
#include "engine/format/index_file.hpp"
#include "engine/format/key_file.hpp"
#include "engine/format/pack_header.hpp"
#include "engine/format/seal.hpp"
#include "engine/format/snapshot.hpp"
#include "engine/packs/blob_saver.hpp"
#include "engine/repository/locking.hpp"
#include "engine/repository/stored_files.hpp"
#include "storage/object_store.hpp"

namespace dmaas::engine {

struct RepositoryOptions {
  std::uint32_t pack_size_bytes = 16 << 20;  // 4 to 128 MiB; a pack may be larger by its last blob
  int compression_level = 3;                 // zstd; no meaning in a repository of version 1
  unsigned workers = 0;                      // 0: one for each core
  LockOwner owner = this_process();
};

/// Cost 32768/8/1 is for passwords of people. A password of 256 random bits needs no stretching:
/// {2, 1, 1}.
struct KeyOptions {
  crypto::ScryptCost cost = {};
};

/// What cuts files: the same for two repositories where backups of one are copied into the other,
/// so that equal data is stored once.
struct ChunkerParameters {
  ChunkerKind kind = ChunkerKind::fastcdc;
  std::optional<std::uint64_t> polynomial = {};  // absent: a fresh one
  Bytes gear = {};                               // empty: follows from the master key
};

struct InitOptions {
  unsigned version = 2;
  ChunkerParameters chunker = {};
  KeyOptions key = {};
  /// For a repository into which sealed packs of another one will be copied; absent: a fresh one.
  std::optional<MasterKey> master_key = {};
};

struct StoredKey {
  KeyId id;
  std::optional<Timestamp> created;
  std::string username;
  std::string hostname;
  bool is_current = false;  // the one that opened this repository
};

struct StoredSnapshot {
  SnapshotId id;
  Snapshot snapshot;
};

/// One repository of restic's format, version 1 or 2.
///
/// Thread-safe unless said otherwise. The store and the clock outlive it. Errors of every call that
/// touches the store: those of ObjectStore, and corrupt (bytes that are not what was written). Ids
/// are checked against content on read.
class Repository {
public:
  virtual ~Repository() = default;

  /// Makes a repository. Errors: already_exists.
  static Result<std::unique_ptr<Repository>> init(storage::ObjectStore& store,
                                                  std::string_view password,
                                                  const InitOptions& init,
                                                  const RepositoryOptions& options, Clock& clock,
                                                  std::stop_token stop);
  /// Errors: not_found (no repository there), wrong_key, unsupported (made by a newer format).
  static Result<std::unique_ptr<Repository>> open(storage::ObjectStore& store,
                                                  std::string_view password,
                                                  const RepositoryOptions& options, Clock& clock,
                                                  std::stop_token stop);
  /// Without key files, as movers do. Errors: as open.
  static Result<std::unique_ptr<Repository>> open_with_key(storage::ObjectStore& store,
                                                           const MasterKey& key,
                                                           const RepositoryOptions& options,
                                                           Clock& clock, std::stop_token stop);

  virtual const Config& config() const = 0;
  virtual const MasterKey& master_key() const = 0;
  virtual storage::ObjectStore& store() = 0;
  virtual Clock& clock() = 0;
  /// What the config names; for files and streams.
  virtual const Chunker& chunker() const = 0;
  /// For another repository that is to cut as this one does.
  virtual ChunkerParameters chunker_parameters() const = 0;

  // Keys.
  virtual Result<std::vector<StoredKey>> list_keys(std::stop_token stop) = 0;
  virtual Result<KeyId> add_key(std::string_view password, const KeyOptions& options,
                                std::stop_token stop) = 0;
  /// Errors: invalid_input (the key in use, or the last one), not_found.
  virtual Result<> remove_key(const KeyId& id, std::stop_token stop) = 0;
  /// Adds a key for `password`, then removes the one that opened this repository.
  virtual Result<KeyId> change_password(std::string_view password, const KeyOptions& options,
                                        std::stop_token stop) = 0;

  // Locks.
  /// Waits up to `wait` for others to let go. Stale locks (over 30 minutes old, or of a dead
  /// process of this host) are ignored. Errors: locked (the message names the holder and the
  /// remedy), cancelled.
  virtual Result<std::unique_ptr<RepositoryLock>> lock(LockKind kind, std::chrono::nanoseconds wait,
                                                       std::stop_token stop) = 0;
  /// Removes locks of others; how many.
  virtual Result<std::size_t> unlock(Unlock which, std::stop_token stop) = 0;

  // Snapshots.
  virtual Result<std::vector<SnapshotId>> list_snapshots(std::stop_token stop) = 0;
  virtual Result<Snapshot> load_snapshot(const SnapshotId& id, std::stop_token stop) = 0;
  /// All of them in order of time, loaded in parallel.
  virtual Result<std::vector<StoredSnapshot>> load_snapshots(std::stop_token stop) = 0;
  /// The one whose id begins with `prefix`. Errors: not_found, invalid_input (more than one).
  virtual Result<SnapshotId> find_snapshot(std::string_view prefix, std::stop_token stop) = 0;
  /// The commit point of a backup: blobs must have been flushed before.
  virtual Result<SnapshotId> save_snapshot(const Snapshot& snapshot, std::stop_token stop) = 0;
  virtual Result<> remove_snapshot(const SnapshotId& id, std::stop_token stop) = 0;

  // Index. List snapshots before loading it, so that everything they need is in it.
  /// Replaces the index in memory by what is stored; needed before any blob is looked up or saved.
  /// Not to be called while blobs are being saved.
  virtual Result<> load_index(std::stop_token stop) = 0;
  virtual std::optional<BlobLocation> find_blob(const BlobHandle& handle) const = 0;
  /// True when a new snapshot may rely on the blob. A blob whose only pack is marked for deletion
  /// is found, but is not relied on.
  virtual bool has_blob(const BlobHandle& handle) const = 0;
  /// Number of blobs known; copies count singly.
  virtual std::size_t blob_count() const = 0;
  /// What these packs hold is stored again when it is saved, as if it were unknown; it can still be
  /// read. In memory only, until the next load_index; for prune.
  virtual void mark_packs(const std::unordered_set<PackId>& packs) = 0;
  /// Every pack of every index file, streaming, one at a time, on the calling thread.
  virtual Result<> for_each_indexed_pack(
      const std::function<Result<>(const IndexId&, IndexPack&&)>& each, std::stop_token stop) = 0;

  // Blobs.
  /// The plaintext, its hash checked. Another copy is tried when one is corrupt. Errors: not_found
  /// (not in the index).
  virtual Result<Bytes> load_blob(const BlobHandle& handle, std::stop_token stop) = 0;
  /// Blobs of one pack by as few ranged reads as make sense (gaps up to 1 MiB are read over), in
  /// memory one blob at a time. `each` gets checked plaintext on the calling thread in order of
  /// offset, valid during the call only. An error of `each` ends it. A blob that is damaged or
  /// missing here is looked for in other packs.
  using BlobSink = std::function<Result<>(const PackedBlob&, BytesView plain)>;
  virtual Result<> load_blobs(const PackId& pack, std::span<const PackedBlob> blobs,
                              const BlobSink& each, std::stop_token stop) = 0;
  /// The repository's one writer; made at the first call, after load_index.
  virtual BlobSaver& saver() = 0;

  // Files as a whole; for cat, check, prune.
  virtual Result<> list_files(FileKind kind, const std::function<Result<>(const StoredFile&)>& each,
                              std::stop_token stop) = 0;
  /// Plain JSON text; the stored bytes' hash is checked.
  virtual Result<std::string> load_file(FileKind kind, const Digest& id, std::stop_token stop) = 0;
  virtual Result<Digest> save_file(FileKind kind, std::string_view json, std::stop_token stop) = 0;
  virtual Result<> remove_file(FileKind kind, const Digest& id, std::stop_token stop) = 0;
};

}  // namespace dmaas::engine
