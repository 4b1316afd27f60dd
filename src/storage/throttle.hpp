#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string_view>

namespace dmaas::storage {

/// Until when a server asked its callers to wait; shared by all calls to it. Thread-safe.
class Throttle {
public:
  /// `until` is a value of Clock::monotonic. An earlier one than known changes nothing.
  void pause_until(std::chrono::nanoseconds until) {
    auto known = until_.load();
    while (until > known && !until_.compare_exchange_weak(known, until)) {
    }
  }
  std::chrono::nanoseconds paused_until() const { return until_.load(); }

private:
  std::atomic<std::chrono::nanoseconds> until_{std::chrono::nanoseconds{0}};
};

/// The seconds form of the Retry-After header, at most 5 minutes; nothing when absent or a date.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value);

}  // namespace dmaas::storage
