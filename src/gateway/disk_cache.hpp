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

/// What an entry holds: an object, named by any text that tells objects of all storages apart, or a
/// part of one.
struct CacheName {
  std::string object{};
  struct Part {
    std::uint64_t first = 0;
    std::uint64_t length = 0;
  };
  std::optional<Part> part{};
};

/// Immutable objects, and parts of such, on the local disk; the least recently used are given up
/// first. Each file ends in the SHA-256 of what is before it and is checked when it is first used
/// after a start, because the disk may have lost its end. Thread-safe.
class DiskCache {
public:
  /// Continues with what an earlier process left. Makes the directory. Errors: as of files.
  static Result<std::unique_ptr<DiskCache>> open(std::string directory, std::uint64_t max_bytes);

  struct Found {
    FileDescriptor file;     // stays readable when the entry is given up meanwhile
    std::uint64_t size = 0;  // of the content, which begins at 0
  };
  std::optional<Found> find(const CacheName& name);
  /// The object and all parts of it.
  void drop(const std::string& object);

  /// Takes an entry piece by piece. Dropped without `finish`, nothing remains. Used by one thread.
  class Writer {
  public:
    Writer(Writer&&) noexcept;
    ~Writer();
    /// False when the entry will not be kept (disk full, too large); further pieces are ignored.
    bool append(BytesView piece);
    /// The entry appears, if its pieces have the digest that was expected.
    void finish();

  private:
    friend class DiskCache;
    struct State;
    explicit Writer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
  };
  Writer add(const CacheName& name, const std::optional<Digest>& expected);

  std::uint64_t size_bytes() const;

private:
  struct Entry {
    std::string key;         // file name: SHA-256 of the object's name, then the part
    std::uint64_t size = 0;  // of the file
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
