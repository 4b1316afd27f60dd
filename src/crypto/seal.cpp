#include "crypto/seal.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstring>

#include "crypto/random.hpp"

namespace dmaas::crypto {

namespace {

constexpr std::size_t nonce_bytes = 16;
constexpr std::size_t mac_bytes = 16;
// OpenSSL counts in int; pieces keep it below that.
constexpr std::size_t max_piece_bytes = 1U << 30;

bool is_zero(BytesView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

const EVP_CIPHER* fetch_cipher(const char* name) {
  const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  ENSURE(cipher != nullptr);
  return cipher;
}

EVP_MAC* poly1305_algorithm() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "POLY1305", nullptr);
  ENSURE(mac != nullptr);
  return mac;
}

}  // namespace

bool SealKey::is_valid() const {
  return !is_zero(encrypt) && !is_zero(mac_k) && !is_zero(mac_r);
}

SealKey SealKey::random() {
  SealKey key;
  fill_random(key.encrypt);
  fill_random(key.mac_k);
  fill_random(key.mac_r);
  return key;
}

struct Sealer::Contexts {
  explicit Contexts(const SealKey& key) : mac_r(key.mac_r) {
    static const EVP_CIPHER* const aes_ctr = fetch_cipher("AES-256-CTR");
    static const EVP_CIPHER* const aes_block = fetch_cipher("AES-128-ECB");
    ENSURE(EVP_EncryptInit_ex2(cipher, aes_ctr, key.encrypt.data(), nullptr, nullptr) == 1);
    ENSURE(EVP_EncryptInit_ex2(block, aes_block, key.mac_k.data(), nullptr, nullptr) == 1);
    ENSURE(EVP_CIPHER_CTX_set_padding(block, 0) == 1);
  }
  ~Contexts() {
    EVP_CIPHER_CTX_free(cipher);
    EVP_CIPHER_CTX_free(block);
    EVP_MAC_CTX_free(mac);
  }
  Contexts(const Contexts&) = delete;
  Contexts& operator=(const Contexts&) = delete;

  /// CTR mode: the same operation seals and opens. `nonce` is the whole counter block.
  void apply_key_stream(const std::uint8_t* nonce, BytesView from, std::uint8_t* to) {
    ENSURE(EVP_EncryptInit_ex2(cipher, nullptr, nullptr, nonce, nullptr) == 1);
    for (std::size_t done = 0; done < from.size();) {
      const std::size_t piece = std::min(from.size() - done, max_piece_bytes);
      int written = 0;
      ENSURE(EVP_EncryptUpdate(cipher, to + done, &written, from.data() + done,
                               static_cast<int>(piece)) == 1);
      done += piece;
    }
  }

  /// Poly1305-AES: the one-time key is r and AES(k, nonce); covers the ciphertext only.
  void authenticate(const std::uint8_t* nonce, BytesView ciphertext, std::uint8_t* out) {
    std::array<std::uint8_t, 32> one_time_key;
    std::memcpy(one_time_key.data(), mac_r.data(), 16);
    int written = 0;
    ENSURE(EVP_EncryptUpdate(block, one_time_key.data() + 16, &written, nonce, 16) == 1);
    ENSURE(EVP_MAC_init(mac, one_time_key.data(), one_time_key.size(), nullptr) == 1);
    ENSURE(EVP_MAC_update(mac, ciphertext.data(), ciphertext.size()) == 1);
    std::size_t length = 0;
    ENSURE(EVP_MAC_final(mac, out, &length, mac_bytes) == 1 && length == mac_bytes);
  }

  EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX* block = EVP_CIPHER_CTX_new();
  EVP_MAC_CTX* mac = EVP_MAC_CTX_new(poly1305_algorithm());
  std::array<std::uint8_t, 16> mac_r;
};

Sealer::Sealer(const SealKey& key) : contexts_(std::make_unique<Contexts>(key)) {}
Sealer::~Sealer() = default;
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;

void Sealer::seal(BytesView plain, ByteBuffer& out) {
  std::uint8_t* const nonce = out.extend(plain.size() + seal_overhead_bytes).data();
  std::uint8_t* const ciphertext = nonce + nonce_bytes;
  fill_random({nonce, nonce_bytes});
  contexts_->apply_key_stream(nonce, plain, ciphertext);
  contexts_->authenticate(nonce, {ciphertext, plain.size()}, ciphertext + plain.size());
}

Bytes Sealer::seal(BytesView plain) {
  ByteBuffer out;
  seal(plain, out);
  return copy_of(out);
}

Result<> Sealer::open(BytesView sealed, ByteBuffer& plain) {
  if (sealed.size() < seal_overhead_bytes) {
    return fail(ErrorCode::corrupt, "sealed data is shorter than its seal");
  }
  const std::uint8_t* const nonce = sealed.data();
  const BytesView ciphertext = sealed.subspan(nonce_bytes, sealed.size() - seal_overhead_bytes);
  std::array<std::uint8_t, mac_bytes> mac;
  contexts_->authenticate(nonce, ciphertext, mac.data());
  if (is_zero(sealed.first(nonce_bytes)) || !equal_in_constant_time(mac, sealed.last(mac_bytes))) {
    return fail(ErrorCode::corrupt, "sealed data was changed or belongs to another key");
  }
  plain.clear();
  contexts_->apply_key_stream(nonce, ciphertext, plain.extend(ciphertext.size()).data());
  return {};
}

Result<Bytes> Sealer::open(BytesView sealed) {
  ByteBuffer plain;
  TRY(open(sealed, plain));
  return copy_of(plain);
}

}  // namespace dmaas::crypto
