#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dmaas {

/// Lower-case hexadecimal.
std::string hex_encode(BytesView bytes);
/// Errors: invalid_input (odd length, not a hexadecimal digit). Upper and lower case are accepted.
Result<Bytes> hex_decode(std::string_view text);

/// RFC 4648 standard alphabet with padding.
std::string base64_encode(BytesView bytes);
/// Errors: invalid_input. Padding is required; white space is refused.
Result<Bytes> base64_decode(std::string_view text);
/// RFC 4648 URL-safe alphabet without padding, as in tokens.
std::string base64url_encode(BytesView bytes);
Result<Bytes> base64url_decode(std::string_view text);

}  // namespace dmaas
