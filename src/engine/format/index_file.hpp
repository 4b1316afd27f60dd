#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "engine/format/pack_header.hpp"

namespace dmaas::engine {

struct IndexPack {
  PackId id;
  std::vector<PackedBlob> blobs;
  /// Present: listed under "packs_to_delete" since then (two-phase prune); stock restic does not
  /// see it.
  std::optional<Timestamp> marked_for_deletion;

  bool operator==(const IndexPack&) const = default;
};

/// Builds the JSON of one index file pack by pack.
class IndexFileEncoder {
public:
  void add(const IndexPack& pack);
  std::size_t blob_count() const { return blob_count_; }
  /// The whole text; the encoder is empty again.
  std::string take_text();

private:
  std::string packs_;
  std::string packs_to_delete_;
  std::size_t blob_count_ = 0;
};

/// Calls `each` for every pack, one in memory at a time; an error of `each` ends it. Unknown keys
/// are ignored. Errors: corrupt.
Result<> for_each_pack(std::string json, const std::function<Result<>(IndexPack&&)>& each);

}  // namespace dmaas::engine
