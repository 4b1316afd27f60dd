#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/format/blob.hpp"
#include "engine/format/index_file.hpp"

namespace dmaas::engine {

/// Which blobs there are and where, in 40 bytes each, sorted within 256 shards.
///
/// An entry holds the first 24 bytes of an id only: two blobs that share them would take 2^96
/// hashes to find, and what is read is checked against the whole id. Full ids are in the index
/// files. Thread-safe, but for `finish_loading`.
class BlobIndex {
public:
  /// Adds the blobs of a pack of an index file; they are found after `finish_loading` only.
  void load(const IndexPack& pack);
  /// Sorts what was loaded and drops repetitions. Nothing else may run meanwhile.
  void finish_loading();

  /// A copy in a pack that is not marked for deletion is preferred.
  std::optional<BlobLocation> find(const BlobHandle& handle) const;
  /// Every copy.
  std::vector<BlobLocation> find_all(const BlobHandle& handle) const;
  /// True when new snapshots may rely on the blob: stored in a pack that stays.
  bool contains(const BlobHandle& handle) const;

  enum class Claim { to_be_stored, known };
  /// `to_be_stored` for exactly one caller per unknown blob, who must store and publish it.
  Claim claim(const BlobHandle& handle);
  /// The pack is stored now: its blobs can be found.
  void publish(const PackId& pack, const std::vector<PackedBlob>& blobs);

  /// From now on new snapshots do not rely on what is in these packs: `contains` and `claim`
  /// overlook it. In memory only.
  void mark(const std::unordered_set<PackId>& packs);

  /// Where the last known blob of a pack ends; 0 for an unknown pack.
  std::uint32_t end_of_blobs(const PackId& pack) const;

  /// Copies counted singly.
  std::size_t entry_count() const;

private:
  /// The first 24 bytes of an id as numbers that compare as the bytes do.
  using Prefix = std::array<std::uint64_t, 3>;
  static constexpr std::uint32_t tree_bit = 1U << 31;
  static constexpr std::uint32_t marked_bit = 1U << 30;
  static constexpr std::uint32_t pack_mask = marked_bit - 1;
  static constexpr std::uint32_t in_flight = pack_mask;  // claimed, not yet published

  struct Entry {
    Prefix prefix;
    std::uint32_t pack_and_flags;
    std::uint32_t offset;
    std::uint32_t length;
    std::uint32_t uncompressed_length;

    std::uint32_t pack() const { return pack_and_flags & pack_mask; }
    bool is_marked() const { return (pack_and_flags & marked_bit) != 0; }
    bool operator==(const Entry&) const = default;
  };
  static_assert(sizeof(Entry) == 40);

  struct Shard {
    mutable std::shared_mutex mutex;
    std::vector<Entry> sorted;
    std::vector<Entry> recent;  // sorted too, and small: inserting into it is cheap
  };

  static Entry key_of(const BlobHandle& handle);
  static bool is_before(const Entry& a, const Entry& b);
  template <class Visit>
  static void visit_equal(const std::vector<Entry>& entries, const Entry& key, Visit&& visit);
  static void insert(Shard& shard, const Entry& entry);

  std::uint32_t add_pack(const PackId& pack, const std::vector<PackedBlob>& blobs);
  BlobLocation location_of(const Entry& entry) const;
  Shard& shard_of(const Entry& entry) { return shards_[entry.prefix[0] >> 56]; }
  const Shard& shard_of(const Entry& entry) const { return shards_[entry.prefix[0] >> 56]; }

  std::array<Shard, 256> shards_;
  mutable std::shared_mutex packs_mutex_;
  struct Pack {
    PackId id;
    std::uint32_t end_of_blobs = 0;
  };
  std::vector<Pack> packs_;
  std::unordered_map<PackId, std::uint32_t> numbers_;
};

}  // namespace dmaas::engine
