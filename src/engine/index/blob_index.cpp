#include "engine/index/blob_index.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>

#include "base/result.hpp"

namespace dmaas::engine {

BlobIndex::Entry BlobIndex::key_of(const BlobHandle& handle) {
  Entry entry{};
  std::memcpy(entry.prefix.data(), handle.id.digest.data(), sizeof entry.prefix);
  for (auto& word : entry.prefix) word = std::byteswap(word);  // little-endian, as our machines
  entry.pack_and_flags = (handle.type == BlobType::tree ? tree_bit : 0) | in_flight;
  return entry;
}

// By blob only: copies of one blob are neighbours.
bool BlobIndex::is_before(const Entry& a, const Entry& b) {
  if (a.prefix != b.prefix) return a.prefix < b.prefix;
  return (a.pack_and_flags & tree_bit) < (b.pack_and_flags & tree_bit);
}

template <class Visit>
void BlobIndex::visit_equal(const std::vector<Entry>& entries, const Entry& key, Visit&& visit) {
  auto at = std::ranges::lower_bound(entries, key, &is_before);
  for (; at != entries.end() && !is_before(key, *at); ++at) visit(*at);
}

void BlobIndex::insert(Shard& shard, const Entry& entry) {
  auto& recent = shard.recent;
  recent.insert(std::ranges::upper_bound(recent, entry, &is_before), entry);
  constexpr std::size_t least_recent = 256;
  if (recent.size() < least_recent + shard.sorted.size() / 16) return;
  const auto middle = static_cast<std::ptrdiff_t>(shard.sorted.size());
  shard.sorted.reserve(shard.sorted.size() + recent.size());
  shard.sorted.insert(shard.sorted.end(), recent.begin(), recent.end());
  std::ranges::inplace_merge(shard.sorted, shard.sorted.begin() + middle, &is_before);
  recent.clear();
}

std::uint32_t BlobIndex::add_pack(const PackId& pack, const std::vector<PackedBlob>& blobs) {
  std::lock_guard lock{packs_mutex_};
  auto [at, is_new] = numbers_.try_emplace(pack, static_cast<std::uint32_t>(packs_.size()));
  if (is_new) packs_.push_back({pack, 0});
  ENSURE(packs_.size() < in_flight);
  auto& end = packs_[at->second].end_of_blobs;
  for (const PackedBlob& blob : blobs) end = std::max(end, blob.offset + blob.length);
  return at->second;
}

std::uint32_t BlobIndex::end_of_blobs(const PackId& pack) const {
  std::shared_lock lock{packs_mutex_};
  auto known = numbers_.find(pack);
  return known == numbers_.end() ? 0 : packs_[known->second].end_of_blobs;
}

BlobLocation BlobIndex::location_of(const Entry& entry) const {
  std::shared_lock lock{packs_mutex_};
  return {packs_[entry.pack()].id, entry.offset, entry.length, entry.uncompressed_length};
}

void BlobIndex::load(const IndexPack& pack) {
  const std::uint32_t number =
      add_pack(pack.id, pack.blobs) | (pack.marked_for_deletion ? marked_bit : 0);
  for (const PackedBlob& blob : pack.blobs) {
    Entry entry = key_of(blob.handle);
    entry.pack_and_flags = (entry.pack_and_flags & tree_bit) | number;
    entry.offset = blob.offset;
    entry.length = blob.length;
    entry.uncompressed_length = blob.uncompressed_length;
    Shard& shard = shard_of(entry);
    std::lock_guard lock{shard.mutex};
    auto& entries = shard.sorted;
    // Doubling would take twice the memory of a large index.
    if (entries.size() == entries.capacity()) entries.reserve(entries.size() / 8 * 9 + 16);
    entries.push_back(entry);
  }
}

void BlobIndex::finish_loading() {
  auto by_blob_and_place = [](const Entry& a, const Entry& b) {
    if (is_before(a, b) != is_before(b, a)) return is_before(a, b);
    return a.pack_and_flags != b.pack_and_flags ? a.pack_and_flags < b.pack_and_flags
                                                : a.offset < b.offset;
  };
  for (Shard& shard : shards_) {
    std::ranges::sort(shard.sorted, by_blob_and_place);
    auto repeated = std::ranges::unique(shard.sorted);
    shard.sorted.erase(repeated.begin(), repeated.end());
  }
}

std::optional<BlobLocation> BlobIndex::find(const BlobHandle& handle) const {
  const Entry key = key_of(handle);
  const Shard& shard = shard_of(key);
  std::optional<Entry> best;
  {
    std::shared_lock lock{shard.mutex};
    auto prefer = [&](const Entry& entry) {
      if (entry.pack() != in_flight && (!best || best->is_marked())) best = entry;
    };
    visit_equal(shard.sorted, key, prefer);
    visit_equal(shard.recent, key, prefer);
  }
  return best ? std::optional{location_of(*best)} : std::nullopt;
}

std::vector<BlobLocation> BlobIndex::find_all(const BlobHandle& handle) const {
  const Entry key = key_of(handle);
  const Shard& shard = shard_of(key);
  std::vector<BlobLocation> all;
  std::shared_lock lock{shard.mutex};
  auto add = [&](const Entry& entry) {
    if (entry.pack() != in_flight) all.push_back(location_of(entry));
  };
  visit_equal(shard.sorted, key, add);
  visit_equal(shard.recent, key, add);
  return all;
}

bool BlobIndex::contains(const BlobHandle& handle) const {
  const Entry key = key_of(handle);
  const Shard& shard = shard_of(key);
  bool is_found = false;
  auto look = [&](const Entry& entry) {
    is_found = is_found || (entry.pack() != in_flight && !entry.is_marked());
  };
  std::shared_lock lock{shard.mutex};
  visit_equal(shard.sorted, key, look);
  visit_equal(shard.recent, key, look);
  return is_found;
}

BlobIndex::Claim BlobIndex::claim(const BlobHandle& handle) {
  const Entry key = key_of(handle);
  Shard& shard = shard_of(key);
  bool is_known = false;
  auto look = [&](const Entry& entry) { is_known = is_known || !entry.is_marked(); };
  std::lock_guard lock{shard.mutex};
  visit_equal(shard.sorted, key, look);
  visit_equal(shard.recent, key, look);
  if (is_known) return Claim::known;
  insert(shard, key);
  return Claim::to_be_stored;
}

void BlobIndex::mark(const std::unordered_set<PackId>& packs) {
  std::unordered_set<std::uint32_t> numbers;
  {
    std::shared_lock lock{packs_mutex_};
    for (const auto& pack : packs) {
      if (auto known = numbers_.find(pack); known != numbers_.end()) numbers.insert(known->second);
    }
  }
  auto mark_entry = [&](Entry& entry) {
    if (numbers.contains(entry.pack())) entry.pack_and_flags |= marked_bit;
  };
  for (auto& shard : shards_) {
    std::lock_guard lock{shard.mutex};
    std::ranges::for_each(shard.sorted, mark_entry);
    std::ranges::for_each(shard.recent, mark_entry);
  }
}

void BlobIndex::publish(const PackId& pack, const std::vector<PackedBlob>& blobs) {
  const std::uint32_t number = add_pack(pack, blobs);
  for (const PackedBlob& blob : blobs) {
    const Entry key = key_of(blob.handle);
    Shard& shard = shard_of(key);
    std::lock_guard lock{shard.mutex};
    Entry stored = key;
    stored.pack_and_flags = (key.pack_and_flags & tree_bit) | number;
    stored.offset = blob.offset;
    stored.length = blob.length;
    stored.uncompressed_length = blob.uncompressed_length;
    bool is_placed = false;
    for (auto* entries : {&shard.sorted, &shard.recent}) {
      auto at = std::ranges::lower_bound(*entries, key, &is_before);
      for (; at != entries->end() && !is_before(key, *at) && !is_placed; ++at) {
        if (at->pack() == in_flight) {
          *at = stored;
          is_placed = true;
        }
      }
    }
    if (!is_placed) insert(shard, stored);
  }
}

std::size_t BlobIndex::entry_count() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    std::shared_lock lock{shard.mutex};
    count += shard.sorted.size() + shard.recent.size();
  }
  return count;
}

}  // namespace dmaas::engine
