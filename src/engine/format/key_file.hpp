#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/derive.hpp"
#include "engine/format/seal.hpp"

namespace dmaas::engine {

/// A master key sealed under a password. The file is plain JSON.
struct KeyFile {
  std::optional<Timestamp> created;
  std::string username;
  std::string hostname;
  crypto::ScryptCost cost;
  Bytes salt;    // 64 bytes
  Bytes sealed;  // the master key's JSON
};

std::string encode_key_file(const KeyFile& file);
/// Errors: corrupt; unsupported (another kdf than scrypt); exhausted (a cost above 1 GiB of
/// memory).
Result<KeyFile> decode_key_file(std::string_view json);

/// Seals `master_key` under a fresh salt. Takes as long as `file.cost` says; fills salt and sealed.
Result<> seal_into(KeyFile& file, const MasterKey& master_key, std::string_view password);
/// Errors: wrong_key (this password does not open this file), corrupt.
Result<MasterKey> open_key_file(const KeyFile& file, std::string_view password);

}  // namespace dmaas::engine
