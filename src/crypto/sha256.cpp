#include "crypto/sha256.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace dmaas::crypto {

namespace {

// Fetched once: looking an algorithm up by name costs more than hashing a small file.
const EVP_MD* algorithm() {
  static const EVP_MD* const sha = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  ENSURE(sha != nullptr);
  return sha;
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  State() { begin(); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void begin() { ENSURE(EVP_DigestInit_ex2(context, algorithm(), nullptr) == 1); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(BytesView bytes) {
  ENSURE(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest;
  ENSURE(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr) == 1);
  state_->begin();
  return digest;
}

Digest sha256(BytesView bytes) {
  thread_local Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Digest hmac_sha256(BytesView key, BytesView message) {
  Digest digest;
  ENSURE(HMAC(algorithm(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
              digest.data(), nullptr) != nullptr);
  return digest;
}

}  // namespace dmaas::crypto
