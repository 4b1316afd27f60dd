#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/file.hpp"
#include "base/id.hpp"
#include "base/result.hpp"

namespace dmaas::gateway {

/// Objects on the local disk, the least recently used given up first. Only objects whose name is
/// their SHA-256 may be put in: an entry appears only when its bytes have it, and is checked again
/// when it is first used after a start, because the disk may have lost its end. Thread-safe.
class DiskCache {
public:
  /// Continues with what an earlier process left. Makes the directory. Errors: as of files.
  static Result<std::unique_ptr<DiskCache>> open(std::string directory, std::uint64_t max_bytes);

  struct Found {
    FileDescriptor file;  // stays readable when the entry is given up meanwhile
    std::uint64_t size = 0;
  };
  /// `name` is any text that tells objects of all storages apart; `digest` the object's SHA-256.
  std::optional<Found> find(const std::string& name, const Digest& digest);
  void drop(const std::string& name);

  /// Takes an object piece by piece. Dropped without `finish`, nothing remains. Used by one thread.
  class Writer {
  public:
    Writer(Writer&&) noexcept;
    ~Writer();
    /// False when the object will not be kept (disk full, too large); further pieces are ignored.
    bool append(BytesView piece);
    /// The entry appears if the pieces have the digest.
    void finish();

  private:
    friend class DiskCache;
    struct State;
    explicit Writer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  Writer add(const std::string& name, const Digest& digest);

  std::uint64_t size_bytes() const;

private:
  struct Entry {
    std::string key;  // file name: SHA-256 of the name
    std::uint64_t size = 0;
    bool checked = false;
  };
  using Order = std::list<Entry>;  // most recently used first

  DiskCache(std::string directory, std::uint64_t max_bytes)
      : directory_(std::move(directory)), max_bytes_(max_bytes) {}
  Result<> load_entries();
  std::string path_of(const std::string& key) const { return directory_ + "/" + key; }
  void publish(const std::string& key, const std::string& temporary, std::uint64_t size);
  void remove_locked(Order::iterator entry);

  const std::string directory_;
  const std::uint64_t max_bytes_;
  mutable std::mutex mutex_;
  Order order_;
  std::map<std::string, Order::iterator> entries_;
  std::uint64_t total_bytes_ = 0;
  std::uint64_t temporary_count_ = 0;
};

}  // namespace dmaas::gateway
