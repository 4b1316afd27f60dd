#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "base/result.hpp"
#include "engine/format/ids.hpp"
#include "engine/format/seal.hpp"
#include "storage/object_store.hpp"

namespace dmaas::engine {

/// Files that are stored whole, not in packs.
enum class FileKind { index, snapshot, lock, key };

struct StoredFile {
  Digest id;
  std::uint64_t size = 0;
};

/// "data/ab/abcd…"
std::string object_name(const PackId& pack);
/// "index/…", "snapshots/…", "locks/…", "keys/…"
std::string object_name(FileKind kind, const Digest& id);

/// Reads and writes these files: sealed and compressed as their kind and the repository's version
/// want. Thread-safe. Errors: those of ObjectStore, corrupt (also when content does not hash to its
/// name).
class StoredFiles {
public:
  StoredFiles(storage::ObjectStore& store, const MasterKey& key, unsigned repository_version)
      : store_(store), key_(key), version_(repository_version) {}

  /// Objects whose name is no id are passed over.
  Result<> list(FileKind kind, const std::function<Result<>(const StoredFile&)>& each,
                std::stop_token stop) const;
  /// Plain JSON text.
  Result<std::string> load(FileKind kind, const Digest& id, std::stop_token stop) const;
  Result<Digest> save(FileKind kind, std::string_view json, std::stop_token stop) const;
  Result<> remove(FileKind kind, const Digest& id, std::stop_token stop) const;

private:
  storage::ObjectStore& store_;
  MasterKey key_;
  unsigned version_;
};

}  // namespace dmaas::engine
