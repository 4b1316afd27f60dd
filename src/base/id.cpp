#include "base/id.hpp"

#include <array>

#include "base/encoding.hpp"

namespace dmaas {
namespace {

/// Value of each character as a lower-case hexadecimal digit; -1 for all others.
constexpr auto digit_values = [] {
  std::array<std::int8_t, 256> values;
  values.fill(-1);
  for (int i = 0; i < 10; ++i)
    values[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 10; i < 16; ++i) {
    values[static_cast<std::size_t>('a' + i - 10)] = static_cast<std::int8_t>(i);
  }
  return values;
}();

int digit_value(char digit) {
  return digit_values[static_cast<std::uint8_t>(digit)];
}

}  // namespace

std::string hex_of(const Digest& digest) {
  return hex_encode(digest);
}

Result<Digest> parse_digest(std::string_view text) {
  Digest digest;
  // Index files and trees consist of ids: no allocation and no second pass here.
  bool is_valid = text.size() == 2 * digest.size();
  for (std::size_t i = 0; is_valid && i < digest.size(); ++i) {
    const int high = digit_value(text[2 * i]);
    const int low = digit_value(text[2 * i + 1]);
    is_valid = (high | low) >= 0;
    digest[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (!is_valid) {
    return fail(ErrorCode::invalid_input, "an id is 64 lower-case hexadecimal digits");
  }
  return digest;
}

}  // namespace dmaas
