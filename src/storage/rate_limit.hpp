#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <stop_token>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace dmaas::storage {

/// Idle time up to this is made up for: a limit that forgot it at once would never be reached,
/// because every sleep ends a little late.
inline constexpr std::chrono::milliseconds longest_burst{100};

/// When a transfer of `bytes` ends that begins at `booked_until`, the end of all before it, or at
/// longest_burst before `now` if that is later. A result before `now` means: no wait.
std::chrono::nanoseconds plan_transfer_end(std::chrono::nanoseconds now,
                                           std::chrono::nanoseconds booked_until, std::size_t bytes,
                                           std::int64_t bytes_per_second);

/// Keeps the transfers of all callers together below one rate: each gets the next free time of a
/// common schedule, so that callers who take pieces of one size have equal shares. Thread-safe.
class RateLimit {
public:
  /// `bytes_per_second` is above 0.
  RateLimit(std::int64_t bytes_per_second, Clock& clock);

  /// Blocks until the rate allows these bytes. When stopped, the time that was meant for them
  /// passes unused. Errors: cancelled.
  Result<> take(std::size_t bytes, std::stop_token stop);

private:
  /// Returns how long to wait.
  std::chrono::nanoseconds book(std::size_t bytes);

  const std::int64_t bytes_per_second_;
  Clock& clock_;
  std::mutex mutex_;
  std::chrono::nanoseconds booked_until_;  // a value of Clock::monotonic
};

}  // namespace dmaas::storage
