#include "base/encoding.hpp"

#include <algorithm>
#include <array>

namespace dmaas {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view standard_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::string encode_with(std::string_view alphabet, BytesView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (auto byte : bytes) {
    bits = bits << 8 | byte;
    for (bit_count += 8; bit_count >= 6; bit_count -= 6) {
      text += alphabet[bits >> (bit_count - 6) & 63];
    }
  }
  if (bit_count > 0) text += alphabet[bits << (6 - bit_count) & 63];
  return text;
}

Result<Bytes> decode_with(std::string_view alphabet, std::string_view text) {
  std::array<std::int8_t, 256> values;
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  if (text.size() % 4 == 1) return fail(ErrorCode::invalid_input, "base64 text is cut short");
  Bytes bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (char character : text) {
    auto value = values[static_cast<std::uint8_t>(character)];
    if (value < 0) return fail(ErrorCode::invalid_input, "not base64 text");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> bit_count));
  }
  return bytes;
}

}  // namespace

std::string hex_encode(BytesView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (auto byte : bytes) {
    text += hex_digits[byte >> 4];
    text += hex_digits[byte & 15];
  }
  return text;
}

Result<Bytes> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0)
    return fail(ErrorCode::invalid_input, "hexadecimal text has odd length");
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int high = hex_value(text[i]);
    int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return fail(ErrorCode::invalid_input, "not hexadecimal text");
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

std::string base64_encode(BytesView bytes) {
  auto text = encode_with(standard_alphabet, bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

Result<Bytes> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return fail(ErrorCode::invalid_input, "base64 text is cut short");
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return decode_with(standard_alphabet, text);
}

std::string base64url_encode(BytesView bytes) {
  return encode_with(url_alphabet, bytes);
}

Result<Bytes> base64url_decode(std::string_view text) {
  return decode_with(url_alphabet, text);
}

}  // namespace dmaas
