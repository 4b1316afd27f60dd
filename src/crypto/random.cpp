#include "crypto/random.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/result.hpp"

namespace dmaas::crypto {

void fill_random(std::span<std::uint8_t> buffer) {
  ENSURE(RAND_bytes(buffer.data(), static_cast<int>(buffer.size())) == 1);
}

Bytes random_bytes(std::size_t length) {
  Bytes bytes(length);
  fill_random(bytes);
  return bytes;
}

bool equal_in_constant_time(BytesView a, BytesView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace dmaas::crypto
