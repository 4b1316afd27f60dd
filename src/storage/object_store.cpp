#include "storage/object_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dmaas::storage {
namespace {

class BytesSource final : public ObjectSource {
public:
  explicit BytesSource(BytesView bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override {
    const std::size_t length = std::min(buffer.size(), bytes_.size() - position_);
    std::copy_n(bytes_.data() + position_, length, buffer.data());
    position_ += length;
    return length;
  }
  Result<> rewind() override {
    position_ = 0;
    return {};
  }

private:
  const BytesView bytes_;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<ObjectSource> source_of(BytesView bytes) {
  return std::make_unique<BytesSource>(bytes);
}

Result<std::unique_ptr<PendingSave>> ObjectStore::begin_save(std::string_view name,
                                                             ObjectSource& source,
                                                             const SaveOptions& options,
                                                             std::stop_token stop) {
  TRY(save(name, source, options, stop));
  return std::unique_ptr<PendingSave>{};
}

Result<> ObjectStore::complete_saves(std::vector<std::unique_ptr<PendingSave>>, std::stop_token) {
  return {};
}

Result<Bytes> ObjectStore::load_all(std::string_view name, std::stop_token stop,
                                    std::uint64_t max_bytes) {
  Bytes content;
  TRY(load(
      name, {},
      [&](BytesView piece) -> Result<> {
        if (content.size() + piece.size() > max_bytes) {
          return fail(ErrorCode::exhausted,
                      fmt::format("{} in {} is larger than {} bytes", name, location(), max_bytes));
        }
        content.insert(content.end(), piece.begin(), piece.end());
        return {};
      },
      stop));
  return content;
}

Result<Bytes> ObjectStore::load_range(std::string_view name, std::uint64_t offset,
                                      std::uint64_t length, std::stop_token stop) {
  Bytes content;
  content.reserve(length);
  TRY(load(
      name, {.offset = offset, .length = length},
      [&](BytesView piece) -> Result<> {
        content.insert(content.end(), piece.begin(), piece.end());
        return {};
      },
      stop));
  if (content.size() != length) {
    return fail(ErrorCode::corrupt, fmt::format("{} in {}: {} of {} bytes at offset {}", name,
                                                location(), content.size(), length, offset));
  }
  return content;
}

Result<> ObjectStore::save_bytes(std::string_view name, BytesView bytes, const SaveOptions& options,
                                 std::stop_token stop) {
  const auto source = source_of(bytes);
  return save(name, *source, options, stop);
}

}  // namespace dmaas::storage
