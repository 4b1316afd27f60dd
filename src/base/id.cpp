#include "base/id.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace dmaas {

std::string hex_of(const Digest& digest) {
  return hex_encode(digest);
}

Result<Digest> parse_digest(std::string_view text) {
  auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.size() != 64 || !std::ranges::all_of(text, is_digit)) {
    return fail(ErrorCode::invalid_input, "an id is 64 lower-case hexadecimal digits");
  }
  auto bytes = TRY(hex_decode(text));
  Digest digest{};
  std::ranges::copy(bytes, digest.begin());
  return digest;
}

}  // namespace dmaas
