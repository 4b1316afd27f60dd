#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace dmaas::gateway {

/// One range of an HTTP Range header, as written.
struct ByteRange {
  std::optional<std::uint64_t> first{};  // absent: the last `last` bytes
  std::optional<std::uint64_t> last{};   // absent: to the end; included

  bool operator==(const ByteRange&) const = default;
};

/// "bytes=5-9", "bytes=5-" or "bytes=-5". Errors: invalid_input, also for several ranges.
Result<ByteRange> parse_byte_range(std::string_view header);

}  // namespace dmaas::gateway
