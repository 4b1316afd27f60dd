#include "engine/chunking/chunker.hpp"

namespace dmaas::engine {

namespace {

class FixedChunker final : public Chunker {
public:
  explicit FixedChunker(std::size_t size) : size_(size) {}
  std::size_t max_bytes() const override { return size_; }
  std::size_t find_cut(BytesView data, Scan&) const override {
    return data.size() >= size_ ? size_ : 0;
  }

private:
  const std::size_t size_;
};

}  // namespace

std::unique_ptr<Chunker> make_fixed_chunker(std::size_t size_bytes) {
  return std::make_unique<FixedChunker>(size_bytes);
}

Bytes gear_of(const Config& config, const MasterKey& key) {
  return config.gear.empty() ? derive_gear(key) : config.gear;
}

std::unique_ptr<Chunker> make_chunker(const Config& config, const MasterKey& key) {
  return config.chunker == ChunkerKind::fastcdc ? make_fastcdc_chunker(gear_of(config, key))
                                                : make_rabin_chunker(config.chunker_polynomial);
}

}  // namespace dmaas::engine
