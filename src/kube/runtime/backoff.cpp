#include "kube/runtime/backoff.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "crypto/random.hpp"

namespace dmaas::kube {
namespace {

double random_fraction() {
  std::array<std::uint8_t, 4> bytes;
  crypto::fill_random(bytes);
  std::uint32_t number;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number / 4294967296.0;
}

}  // namespace

std::chrono::nanoseconds backoff_delay(const BackoffOptions& options, unsigned failures) {
  auto delay = options.first;
  for (unsigned i = 1; i < failures && delay < options.most; ++i) delay *= 2;
  delay = std::min(delay, options.most);
  double fraction = options.jitter ? options.jitter() : random_fraction();
  auto chance = static_cast<double>((delay / 5).count()) * fraction;
  return delay - delay / 5 + std::chrono::nanoseconds{static_cast<std::int64_t>(chance)};
}

}  // namespace dmaas::kube
