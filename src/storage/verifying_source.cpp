#include "storage/verifying_source.hpp"

#include <fmt/format.h>

namespace dmaas::storage {

Result<std::size_t> VerifyingSource::read(std::span<std::uint8_t> buffer) {
  const std::size_t length = TRY(inner_.read(buffer));
  hash_.update(buffer.first(length));
  position_ += length;
  const bool ended = length == 0;
  if (position_ < size() && !ended) return length;
  if (position_ != size()) {
    return fail(ErrorCode::corrupt,
                fmt::format("the content has {} instead of {} bytes", position_, size()));
  }
  if (ended && size() != 0) return 0;  // was compared with the last piece
  const Digest actual = hash_.finish();
  if (actual != expected_) {
    return fail(ErrorCode::corrupt,
                "the content has SHA-256 " + hex_of(actual) + " instead of " + hex_of(expected_));
  }
  return length;
}

Result<> VerifyingSource::rewind() {
  TRY(inner_.rewind());
  hash_.finish();
  position_ = 0;
  return {};
}

}  // namespace dmaas::storage
