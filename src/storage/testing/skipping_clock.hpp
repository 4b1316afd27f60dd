#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace dmaas::storage {

/// A clock whose sleepers do not wait: the time passes at once. For tests of retries. Thread-safe.
class SkippingClock final : public Clock {
public:
  Timestamp now() const override { return start_ + elapsed_.load(); }
  std::chrono::nanoseconds monotonic() const override { return elapsed_; }
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    elapsed_ = elapsed_.load() + duration;
    return true;
  }

private:
  const Timestamp start_ = std::chrono::sys_days{std::chrono::year{2026} / std::chrono::March / 1};
  std::atomic<std::chrono::nanoseconds> elapsed_{std::chrono::nanoseconds{0}};
};

}  // namespace dmaas::storage
