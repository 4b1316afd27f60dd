#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dmaas::crypto {

/// RFC 7914. Needs 128·N·r bytes of memory: 32 MiB with the values of restic, 128 with those of
/// rustic.
struct ScryptCost {
  std::uint64_t n = 32768;  // a power of two above 1
  std::uint32_t r = 8;
  std::uint32_t p = 1;
};

/// Waits while others of this process use 128 MiB. Errors: invalid_input (a cost outside RFC 7914,
/// or above 256 MiB of memory).
Result<Bytes> scrypt(std::string_view password, BytesView salt, const ScryptCost& cost,
                     std::size_t length);

/// RFC 5869 with SHA-256; `length` is at most 8160 bytes.
Bytes hkdf_sha256(BytesView key, BytesView salt, std::string_view info, std::size_t length);

}  // namespace dmaas::crypto
