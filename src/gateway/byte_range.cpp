#include "gateway/byte_range.hpp"

#include <charconv>

namespace dmaas::gateway {
namespace {

constexpr std::uint64_t max_position = INT64_MAX;

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max_position)
    return std::nullopt;
  return value;
}

}  // namespace

Result<ByteRange> parse_byte_range(std::string_view header) {
  constexpr std::string_view unit = "bytes=";
  auto dash = header.find('-');
  if (!header.starts_with(unit) || dash == header.npos) {
    return fail(ErrorCode::invalid_input, "a range reads 'bytes=FIRST-LAST'");
  }
  auto first = header.substr(unit.size(), dash - unit.size());
  auto last = header.substr(dash + 1);
  ByteRange range{parse_number(first), parse_number(last)};
  const bool valid = (first.empty() || range.first) && (last.empty() || range.last) &&
                     (range.first || range.last) &&
                     (!range.first || !range.last || *range.first <= *range.last);
  if (!valid)
    return fail(ErrorCode::invalid_input, "a range reads 'bytes=FIRST-LAST', one range at a time");
  return range;
}

}  // namespace dmaas::gateway
