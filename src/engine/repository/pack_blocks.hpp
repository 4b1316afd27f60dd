#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <unordered_map>

#include "base/bytes.hpp"
#include "engine/index/blob_index.hpp"
#include "storage/object_store.hpp"

namespace dmaas::engine {

/// Parts of packs, read in blocks of which the latest are kept: trees are small, and those of one
/// backup lie together in about the order in which a walk asks for them. One request then brings a
/// thousand of them instead of one. Thread-safe; a block is fetched by one thread while the others
/// that want it wait.
class PackBlocks {
public:
  static constexpr std::uint32_t block_bytes = 512 << 10;
  static constexpr std::size_t max_blocks = 32;

  PackBlocks(storage::ObjectStore& store, const BlobIndex& index) : store_(store), index_(index) {}

  /// `length` bytes at `offset`, which the index says are there. Errors: as
  /// ObjectStore::load_range.
  Result<Bytes> read(const PackId& pack, std::uint32_t offset, std::uint32_t length,
                     std::stop_token stop);

private:
  struct Place {
    PackId pack;
    std::uint32_t number = 0;
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    std::size_t operator()(const Place& place) const noexcept {
      return std::hash<PackId>{}(place.pack) + place.number;
    }
  };
  struct Block {
    std::mutex mutex;
    bool is_loaded = false;
    Bytes bytes;
  };
  using Kept = std::list<std::pair<Place, std::shared_ptr<Block>>>;

  std::shared_ptr<Block> block_at(const Place& place);
  Result<> load(Block& block, const Place& place, std::uint64_t end, std::stop_token stop);

  storage::ObjectStore& store_;
  const BlobIndex& index_;
  std::mutex mutex_;
  Kept kept_;  // the most recently used in front
  std::unordered_map<Place, Kept::iterator, PlaceHash> places_;
};

}  // namespace dmaas::engine
