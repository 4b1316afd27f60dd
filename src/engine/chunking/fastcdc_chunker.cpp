#include <algorithm>
#include <array>
#include <cstring>

#include "crypto/derive.hpp"
#include "engine/chunking/chunker.hpp"

namespace dmaas::engine {

namespace {

constexpr std::size_t min_bytes = 512 << 10;
constexpr std::size_t normal_bytes = 1 << 20;
constexpr std::size_t most_bytes = 8 << 20;
// Normalisation 2: two bits harder than the normal 20 before the normal size, two easier after it.
// The top bits, since each of them depends on all of the last 64 bytes.
constexpr int early_shift = 64 - 22;
constexpr int late_shift = 64 - 18;
constexpr std::size_t window_bytes = 64;

using GearTable = std::array<std::uint64_t, 256>;
static_assert(sizeof(GearTable) == gear_bytes);

GearTable table_of(BytesView gear) {
  ENSURE(gear.size() == gear_bytes);
  GearTable table;
  std::memcpy(table.data(), gear.data(), sizeof table);  // little-endian, as all our machines
  return table;
}

// FastCDC (ATC'16). Unlike there the hash is warmed up on the 64 bytes before the minimum, so that
// a cut depends on content only and not on where the chunk began.
class FastCdcChunker final : public Chunker {
public:
  explicit FastCdcChunker(BytesView gear) : gear_(table_of(gear)) {}

  std::size_t max_bytes() const override { return most_bytes; }

  std::size_t find_cut(BytesView data, Scan& scan) const override {
    if (data.size() <= min_bytes) return 0;
    if (scan.scanned_bytes == 0) {
      for (std::size_t i = min_bytes - window_bytes; i < min_bytes; ++i)
        scan.hash = next(scan.hash, data[i]);
      scan.scanned_bytes = min_bytes;
    }
    const std::size_t end = std::min(data.size(), most_bytes);
    std::size_t length = 0;
    if (scan.scanned_bytes < normal_bytes)
      length = search<early_shift>(data.first(std::min(end, normal_bytes)), scan);
    if (length == 0) length = search<late_shift>(data.first(end), scan);
    if (length == 0 && end == most_bytes) length = most_bytes;
    return length;
  }

private:
  std::uint64_t next(std::uint64_t hash, std::uint8_t byte) const {
    return (hash << 1) + gear_[byte];
  }

  // The length up to the first cut in what was not scanned yet; 0 when there is none.
  template <int Shift>
  std::size_t search(BytesView data, Scan& scan) const {
    const std::uint8_t* const bytes = data.data();
    std::uint64_t rolling = scan.hash;
    for (std::size_t i = scan.scanned_bytes; i < data.size(); ++i) {
      rolling = next(rolling, bytes[i]);
      if (rolling >> Shift == 0) return i + 1;
    }
    scan = {data.size(), rolling};
    return 0;
  }

  const GearTable gear_;
};

}  // namespace

Bytes derive_gear(const MasterKey& key) {
  Bytes secret;
  secret.insert(secret.end(), key.encrypt.begin(), key.encrypt.end());
  secret.insert(secret.end(), key.mac_k.begin(), key.mac_k.end());
  secret.insert(secret.end(), key.mac_r.begin(), key.mac_r.end());
  return crypto::hkdf_sha256(secret, {}, "dmaas fastcdc-1 gear table", gear_bytes);
}

std::unique_ptr<Chunker> make_fastcdc_chunker(BytesView gear) {
  return std::make_unique<FastCdcChunker>(gear);
}

}  // namespace dmaas::engine
