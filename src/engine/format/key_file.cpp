#include "engine/format/key_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/time_text.hpp"
#include "crypto/random.hpp"

namespace dmaas::engine {

namespace {

constexpr std::size_t salt_bytes = 64;

// scrypt gives 64 bytes: AES-256 key, MAC k, MAC r.
Result<crypto::SealKey> derive_key(const KeyFile& file, std::string_view password) {
  const Bytes derived = TRY(crypto::scrypt(password, file.salt, file.cost, 64));
  crypto::SealKey key;
  std::copy_n(derived.begin(), 32, key.encrypt.begin());
  std::copy_n(derived.begin() + 32, 16, key.mac_k.begin());
  std::copy_n(derived.begin() + 48, 16, key.mac_r.begin());
  return key;
}

Result<Bytes> base64_member(const Json& json, std::string_view key) {
  auto bytes = base64_decode(text_at(json, key));
  if (!bytes) {
    return fail(ErrorCode::corrupt, fmt::format("the key file has no valid {:?}", key));
  }
  return std::move(*bytes);
}

Result<std::uint64_t> cost_member(const Json& json, std::string_view key) {
  const auto number = number_at(json, key);
  if (!number || *number < 1 || *number > UINT32_MAX) {
    return fail(ErrorCode::corrupt, fmt::format("the key file has no valid {:?}", key));
  }
  return static_cast<std::uint64_t>(*number);
}

}  // namespace

std::string encode_key_file(const KeyFile& file) {
  JsonObject json;
  if (file.created) json["created"] = format_nanoseconds(*file.created);
  json["username"] = file.username;
  json["hostname"] = file.hostname;
  json["kdf"] = "scrypt";
  json["N"] = file.cost.n;
  json["r"] = file.cost.r;
  json["p"] = file.cost.p;
  json["salt"] = base64_encode(file.salt);
  json["data"] = base64_encode(file.sealed);
  return to_text(json);
}

Result<KeyFile> decode_key_file(std::string_view text) {
  auto json = parse_json(text);
  if (!json || !json->is_object()) return fail(ErrorCode::corrupt, "the key file is no valid JSON");
  if (const std::string kdf = text_at(*json, "kdf"); kdf != "scrypt") {
    return fail(ErrorCode::unsupported, fmt::format("the key file uses {:?}, not scrypt", kdf));
  }
  KeyFile file;
  if (auto created = parse_timestamp(text_at(*json, "created"))) file.created = *created;
  file.username = text_at(*json, "username");
  file.hostname = text_at(*json, "hostname");
  file.cost.n = TRY(cost_member(*json, "N"));
  file.cost.r = static_cast<std::uint32_t>(TRY(cost_member(*json, "r")));
  file.cost.p = static_cast<std::uint32_t>(TRY(cost_member(*json, "p")));
  if (file.cost.n > (1ULL << 30) / 128 / file.cost.r) {
    return fail(ErrorCode::exhausted, "the key file asks for more than 1 GiB of memory");
  }
  file.salt = TRY(base64_member(*json, "salt"));
  file.sealed = TRY(base64_member(*json, "data"));
  return file;
}

Result<> seal_into(KeyFile& file, const MasterKey& master_key, std::string_view password) {
  file.salt = crypto::random_bytes(salt_bytes);
  const crypto::SealKey key = TRY(derive_key(file, password));
  file.sealed = crypto::Sealer(key).seal(bytes_of(encode_master_key(master_key)));
  return {};
}

Result<MasterKey> open_key_file(const KeyFile& file, std::string_view password) {
  auto key = derive_key(file, password);
  if (!key) return fail(ErrorCode::corrupt, "the key file's cost is not valid for scrypt");
  auto json = crypto::Sealer(*key).open(file.sealed);
  if (!json) return fail(ErrorCode::wrong_key, "the password does not open this key");
  return decode_master_key(text_of(*json));
}

}  // namespace dmaas::engine
