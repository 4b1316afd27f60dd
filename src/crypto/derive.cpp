#include "crypto/derive.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <condition_variable>
#include <mutex>

#include "crypto/sha256.hpp"

namespace dmaas::crypto {

namespace {

constexpr std::uint64_t max_scrypt_memory_bytes = 256ULL << 20;

/// What derivations of this process may use at one time: a controller that opens all its
/// repositories at once has one for each of them.
constexpr std::uint64_t memory_at_one_time_bytes = 128ULL << 20;

class MemoryShare {
public:
  explicit MemoryShare(std::uint64_t bytes) : bytes_(std::min(bytes, memory_at_one_time_bytes)) {
    std::unique_lock lock{mutex};
    released.wait(lock, [&] { return in_use + bytes_ <= memory_at_one_time_bytes; });
    in_use += bytes_;
  }
  ~MemoryShare() {
    {
      std::lock_guard lock{mutex};
      in_use -= bytes_;
    }
    released.notify_all();
  }
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

private:
  static inline std::mutex mutex;
  static inline std::condition_variable released;
  static inline std::uint64_t in_use = 0;

  const std::uint64_t bytes_;
};

Result<> check(const ScryptCost& cost) {
  bool in_range = cost.n > 1 && std::has_single_bit(cost.n) && cost.r >= 1 && cost.p >= 1 &&
                  cost.r <= (1U << 20) && cost.p <= (1U << 20) &&
                  std::uint64_t{cost.r} * cost.p < (1U << 30);
  if (!in_range) return fail(ErrorCode::invalid_input, "scrypt cost outside RFC 7914");
  if (cost.n > max_scrypt_memory_bytes / 128 / cost.r) {
    return fail(ErrorCode::invalid_input, "scrypt cost needs more than 256 MiB of memory");
  }
  return {};
}

}  // namespace

Result<Bytes> scrypt(std::string_view password, BytesView salt, const ScryptCost& cost,
                     std::size_t length) {
  TRY(check(cost));
  // OpenSSL counts its own blocks (128·r·p and a little) into the limit.
  const std::uint64_t limit = max_scrypt_memory_bytes + 128ULL * cost.r * (cost.p + 4);
  MemoryShare share{128ULL * cost.n * cost.r};
  Bytes out(length);
  if (EVP_PBE_scrypt(password.data(), password.size(), salt.data(), salt.size(), cost.n, cost.r,
                     cost.p, limit, out.data(), out.size()) != 1) {
    return fail(ErrorCode::invalid_input, "scrypt refused its cost or had no memory");
  }
  return out;
}

Bytes hkdf_sha256(BytesView key, BytesView salt, std::string_view info, std::size_t length) {
  ENSURE(length <= 255 * sizeof(Digest));
  const Digest secret = hmac_sha256(salt, key);
  Bytes out;
  Bytes block;
  for (std::uint8_t counter = 1; out.size() < length; ++counter) {
    block.insert(block.end(), info.begin(), info.end());
    block.push_back(counter);
    const Digest digest = hmac_sha256(secret, block);
    block.assign(digest.begin(), digest.end());
    out.insert(out.end(), block.begin(), block.end());
  }
  out.resize(length);
  return out;
}

}  // namespace dmaas::crypto
