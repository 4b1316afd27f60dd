#include <algorithm>
#include <array>

#include "engine/chunking/chunker.hpp"
#include "engine/format/polynomial.hpp"

namespace dmaas::engine {

namespace {

constexpr std::size_t min_bytes = 512 << 10;
constexpr std::size_t most_bytes = 8 << 20;
constexpr std::size_t window_bytes = 64;
constexpr std::uint64_t cut_mask = (1 << 20) - 1;
constexpr int top_byte_shift = chunker_polynomial_degree - 8;

// Source: restic/chunker. The digest is the remainder of the last 64 bytes, read as a polynomial.
class RabinChunker final : public Chunker {
public:
  explicit RabinChunker(std::uint64_t polynomial) {
    for (std::uint64_t byte = 0; byte < 256; ++byte) {
      // The share of a byte that has 63 more behind it.
      std::uint64_t hash = remainder(byte, polynomial);
      for (std::size_t i = 1; i < window_bytes; ++i) hash = remainder(hash << 8, polynomial);
      leaving_[byte] = hash;
      // What shifting a digest with this top byte by 8 bits overflows by, and the reduction of
      // that.
      const std::uint64_t overflow = byte << chunker_polynomial_degree;
      reduction_[byte] = remainder(overflow, polynomial) | overflow;
    }
  }

  std::size_t max_bytes() const override { return most_bytes; }

  std::size_t find_cut(BytesView data, Scan& scan) const override {
    if (data.size() < min_bytes) return 0;
    std::uint64_t digest = scan.hash;
    std::size_t length = scan.scanned_bytes;
    if (length == 0) {
      for (std::size_t i = min_bytes - window_bytes; i < min_bytes; ++i) {
        digest = append(digest, data[i]);
      }
      length = min_bytes;
    }
    const std::size_t end = std::min(data.size(), most_bytes);
    while ((digest & cut_mask) != 0 && length < end) {
      digest = append(digest ^ leaving_[data[length - window_bytes]], data[length]);
      ++length;
    }
    scan = {length, digest};
    return (digest & cut_mask) == 0 || length == most_bytes ? length : 0;
  }

private:
  std::uint64_t append(std::uint64_t digest, std::uint8_t byte) const {
    const auto top = static_cast<std::uint8_t>(digest >> top_byte_shift);
    return ((digest << 8) | byte) ^ reduction_[top];
  }

  std::array<std::uint64_t, 256> leaving_;
  std::array<std::uint64_t, 256> reduction_;
};

}  // namespace

std::unique_ptr<Chunker> make_rabin_chunker(std::uint64_t polynomial) {
  return std::make_unique<RabinChunker>(polynomial);
}

}  // namespace dmaas::engine
