#pragma once

#include <chrono>
#include <functional>

namespace dmaas::kube {

/// Exponential delays. Pure but for `jitter`, a source of numbers in [0, 1).
struct BackoffOptions {
  std::chrono::nanoseconds first = std::chrono::milliseconds{200};
  std::chrono::nanoseconds most = std::chrono::minutes{5};
  std::function<double()> jitter{};  // empty: the process' random source
};

/// For the n-th failure in a row (from 1): first * 2^(n-1), at most `most`, of which up to the last
/// fifth is left to chance.
std::chrono::nanoseconds backoff_delay(const BackoffOptions& options, unsigned failures);

}  // namespace dmaas::kube
