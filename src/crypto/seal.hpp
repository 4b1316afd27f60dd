#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/byte_buffer.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace dmaas::crypto {

/// AES-256 key and Poly1305-AES key. Secret.
struct SealKey {
  std::array<std::uint8_t, 32> encrypt{};
  std::array<std::uint8_t, 16> mac_k{};
  std::array<std::uint8_t, 16> mac_r{};  // as generated; clamped when used

  /// Keys with a part of only zeros are never real.
  bool is_valid() const;
  bool operator==(const SealKey&) const = default;

  static SealKey random();
};

/// What sealing adds: 16 bytes of nonce in front, 16 bytes of MAC behind.
inline constexpr std::size_t seal_overhead_bytes = 32;

/// nonce ‖ AES-256-CTR(plain) ‖ Poly1305-AES(ciphertext). Keeps prepared cipher contexts:
/// make one per thread and reuse it; used by one thread at a time.
class Sealer {
public:
  explicit Sealer(const SealKey& key);
  ~Sealer();
  Sealer(Sealer&&) noexcept;
  Sealer& operator=(Sealer&&) noexcept;

  /// Appends plain.size() + seal_overhead_bytes bytes to `out`, under a fresh random nonce.
  void seal(BytesView plain, ByteBuffer& out);
  Bytes seal(BytesView plain);

  /// Replaces the content of `plain`, which must not be what `sealed` views.
  /// Errors: corrupt (too short, or the MAC does not match; nothing is decrypted then).
  Result<> open(BytesView sealed, ByteBuffer& plain);
  Result<Bytes> open(BytesView sealed);

private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace dmaas::crypto
