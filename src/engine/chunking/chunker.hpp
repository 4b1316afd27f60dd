#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "engine/format/config.hpp"
#include "engine/format/seal.hpp"

namespace dmaas::engine {

/// Cuts a stream into chunks: each cut depends only on the bytes since the previous one. Immutable
/// and thread-safe.
class Chunker {
public:
  /// How far the search for one cut has come.
  struct Scan {
    std::size_t scanned_bytes = 0;
    std::uint64_t hash = 0;
  };

  virtual ~Chunker() = default;
  /// No chunk is longer.
  virtual std::size_t max_bytes() const = 0;
  /// Length of the chunk that `data`, everything since the last cut, begins with; 0 when more bytes
  /// are needed to tell. Goes on where the last call with `scan` ended.
  virtual std::size_t find_cut(BytesView data, Scan& scan) const = 0;

  /// The same when nothing follows `data`, which is not empty.
  std::size_t cut(BytesView data) const {
    Scan scan;
    const std::size_t length = find_cut(data, scan);
    return length == 0 ? data.size() : length;
  }
};

/// FastCDC with normalisation 2 (minimum 512 KiB, normal 1 MiB, maximum 8 MiB). `gear` is its table
/// of 256 numbers, and a secret: without it chunk sizes tell nothing about known content.
std::unique_ptr<Chunker> make_fastcdc_chunker(BytesView gear);
/// The table of a repository whose config has none. The key cannot be found out from it.
Bytes derive_gear(const MasterKey& key);
/// Bit-identical to restic's (512 KiB, mean 1.5 MiB, 8 MiB). `polynomial` is irreducible.
std::unique_ptr<Chunker> make_rabin_chunker(std::uint64_t polynomial);
/// Blocks of `size_bytes`, for devices and images: 4 MiB in practice.
std::unique_ptr<Chunker> make_fixed_chunker(std::size_t size_bytes);

/// What fastcdc cuts by in a repository: of its config, or of its key.
Bytes gear_of(const Config& config, const MasterKey& key);
/// The chunker that the repository's config names.
std::unique_ptr<Chunker> make_chunker(const Config& config, const MasterKey& key);

}  // namespace dmaas::engine
