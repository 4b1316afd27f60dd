#include "engine/format/seal.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace dmaas::engine {

namespace {

template <std::size_t Size>
Result<> read_key(const std::string& text, std::array<std::uint8_t, Size>& key) {
  auto bytes = base64_decode(text);
  if (!bytes || bytes->size() != Size) {
    return fail(ErrorCode::corrupt, "a part of the master key has a wrong length");
  }
  std::ranges::copy(*bytes, key.begin());
  return {};
}

}  // namespace

std::string encode_master_key(const MasterKey& key) {
  return R"({"mac":{"k":")" + base64_encode(key.mac_k) + R"(","r":")" + base64_encode(key.mac_r) +
         R"("},"encrypt":")" + base64_encode(key.encrypt) + "\"}";
}

Result<MasterKey> decode_master_key(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return fail(ErrorCode::corrupt, "the master key is no valid JSON");
  MasterKey key;
  TRY(read_key(text_at(*json, "mac", "k"), key.mac_k));
  TRY(read_key(text_at(*json, "mac", "r"), key.mac_r));
  TRY(read_key(text_at(*json, "encrypt"), key.encrypt));
  if (!key.is_valid()) return fail(ErrorCode::corrupt, "a part of the master key is only zeros");
  return key;
}

}  // namespace dmaas::engine
