#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "base/clock.hpp"

namespace dmaas::kube {

/// Ends calls that only know stop tokens after some time: its token is stopped when the time is
/// over or `stop` is requested. Costs a thread while it lives. `clock` must outlive it.
class Deadline {
public:
  Deadline(Clock& clock, std::chrono::nanoseconds timeout, std::stop_token stop)
      : forward_(stop, [this] { stop_.request_stop(); }),
        thread_([this, &clock, timeout](std::stop_token ended) {
          if (!clock.sleep(timeout, ended)) return;
          passed_ = true;
          stop_.request_stop();
        }) {}

  std::stop_token token() const { return stop_.get_token(); }
  /// The time was over before anybody else stopped it.
  bool has_passed() const { return passed_; }

private:
  std::stop_source stop_;
  std::atomic<bool> passed_{false};
  std::stop_callback<std::function<void()>> forward_;
  std::jthread thread_;  // last: ends first
};

}  // namespace dmaas::kube
