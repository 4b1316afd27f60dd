#include "engine/repository/pack_blocks.hpp"

#include <algorithm>

#include "engine/repository/stored_files.hpp"

namespace dmaas::engine {

Result<Bytes> PackBlocks::read(const PackId& pack, std::uint32_t offset, std::uint32_t length,
                               std::stop_token stop) {
  const std::uint64_t end = std::uint64_t{offset} + length;
  // The end of what is known to be there: nobody may ask for more.
  const std::uint64_t known_end = std::max<std::uint64_t>(end, index_.end_of_blobs(pack));
  Bytes bytes;
  bytes.reserve(length);
  for (std::uint64_t at = offset; at < end;) {
    const Place place{pack, static_cast<std::uint32_t>(at / block_bytes)};
    const std::uint64_t begin = std::uint64_t{place.number} * block_bytes;
    auto block = block_at(place);
    std::lock_guard lock{block->mutex};
    // Shorter than wanted: the index has grown since it was loaded.
    const std::uint64_t wanted = std::min<std::uint64_t>(end - begin, block_bytes);
    if (!block->is_loaded || block->bytes.size() < wanted) {
      TRY(load(*block, place, std::min(begin + block_bytes, known_end), stop));
    }
    const auto part = BytesView(block->bytes).subspan(at - begin, wanted - (at - begin));
    bytes.insert(bytes.end(), part.begin(), part.end());
    at += part.size();
  }
  return bytes;
}

std::shared_ptr<PackBlocks::Block> PackBlocks::block_at(const Place& place) {
  std::lock_guard lock{mutex_};
  if (auto known = places_.find(place); known != places_.end()) {
    kept_.splice(kept_.begin(), kept_, known->second);
    return known->second->second;
  }
  kept_.emplace_front(place, std::make_shared<Block>());
  places_[place] = kept_.begin();
  if (kept_.size() > max_blocks) {
    places_.erase(kept_.back().first);
    kept_.pop_back();
  }
  return kept_.front().second;
}

Result<> PackBlocks::load(Block& block, const Place& place, std::uint64_t end,
                          std::stop_token stop) {
  const std::uint64_t begin = std::uint64_t{place.number} * block_bytes;
  block.is_loaded = false;
  block.bytes.clear();
  block.bytes.reserve(end - begin);
  auto collect = [&](BytesView piece) -> Result<> {
    block.bytes.insert(block.bytes.end(), piece.begin(), piece.end());
    return {};
  };
  TRY(store_.load(object_name(place.pack), {begin, end - begin}, collect, stop));
  block.is_loaded = true;
  return {};
}

}  // namespace dmaas::engine
