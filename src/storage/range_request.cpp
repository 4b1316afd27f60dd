#include "storage/range_request.hpp"

#include <fmt/format.h>

#include <memory>

namespace dmaas::storage {

std::optional<std::string> range_header(const Range& range) {
  if (range.length)
    return fmt::format("bytes={}-{}", range.offset, range.offset + *range.length - 1);
  if (range.offset > 0) return fmt::format("bytes={}-", range.offset);
  return std::nullopt;
}

Result<> check_range_answer(const http::Response& response, const Range& range,
                            std::string_view what) {
  if (response.status < 200 || response.status > 299) return {};
  if (!range_header(range)) return {};
  if (response.status != 206) {
    return fail(ErrorCode::unsupported,
                fmt::format("{}: the server cannot send a part of an object", what));
  }
  const std::string_view length = http::header_of(response.headers, "Content-Length");
  if (range.length && !length.empty() && length != std::to_string(*range.length)) {
    return fail(ErrorCode::corrupt, fmt::format("{}: has {} of {} bytes at offset {}", what, length,
                                                *range.length, range.offset));
  }
  return {};
}

http::BodyReader body_reader_of(ObjectSource& source) {
  return [&source,
          sent = std::uint64_t{0}](std::span<std::uint8_t> buffer) mutable -> Result<std::size_t> {
    const std::size_t length = TRY(source.read(buffer));
    if (length == 0 && sent < source.size()) {
      return fail(ErrorCode::corrupt,
                  fmt::format("the content has {} instead of {} bytes", sent, source.size()));
    }
    sent += length;
    return length;
  };
}

}  // namespace dmaas::storage
