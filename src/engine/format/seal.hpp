#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/seal.hpp"

namespace dmaas::engine {

/// Opens everything in a repository but the key files. Secret; never changes over a repository's
/// life.
using MasterKey = crypto::SealKey;

/// {"mac":{"k":base64,"r":base64},"encrypt":base64}, as inside key files.
std::string encode_master_key(const MasterKey& key);
/// Errors: corrupt.
Result<MasterKey> decode_master_key(std::string_view json);

}  // namespace dmaas::engine
