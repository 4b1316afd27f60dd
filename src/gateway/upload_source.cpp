#include "gateway/upload_source.hpp"

#include <algorithm>

namespace dmaas::gateway {

Result<std::size_t> UploadSource::read(std::span<std::uint8_t> buffer) {
  if (client_error_) return fail(*client_error_);
  if (size_ <= max_kept_bytes && !kept_) TRY(keep_small_body());
  buffer = buffer.first(std::min<std::uint64_t>(buffer.size(), size_ - position_));
  if (buffer.empty()) return 0;
  std::size_t count = buffer.size();
  if (kept_) {
    std::copy_n(kept_->data() + position_, count, buffer.data());
  } else {
    count = TRY(receive(buffer));
  }
  position_ += count;
  if (position_ < size_) return count;
  if (auto permitted = permission_(); !permitted) {
    client_error_ = permitted.error();
    return fail(std::move(permitted).error());
  }
  return count;
}

Result<> UploadSource::rewind() {
  if (client_error_) return fail(*client_error_);
  if (!kept_ && position_ > 0) {
    return fail(ErrorCode::unsupported, "the body of a request cannot be read twice");
  }
  position_ = 0;
  return {};
}

Result<> UploadSource::keep_small_body() {
  Bytes body(size_);
  std::size_t filled = 0;
  while (filled < body.size()) filled += TRY(receive(std::span(body).subspan(filled)));
  kept_ = std::move(body);
  return {};
}

Result<std::size_t> UploadSource::receive(std::span<std::uint8_t> buffer) {
  auto count = request_.read_body(buffer);
  if (count && *count == 0) {
    count = fail(ErrorCode::unavailable, "the body ended before its announced size");
  }
  if (!count) {
    client_error_ = count.error();
  } else {
    received_bytes_ += *count;
  }
  return count;
}

}  // namespace dmaas::gateway
