#pragma once

#include <chrono>
#include <stop_token>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/throttle.hpp"

namespace dmaas::storage {

struct RetryLimits {
  std::chrono::seconds give_up_after{900};  // since the first failure after the last progress
  unsigned max_tries = 1000;
};

/// How long to wait before try number `tries` + 1: 0.5 s doubling up to 60 s, times 0.5 to 1.5 as
/// `random` (0 to 1) says, so that many callers do not come back at the same moment.
std::chrono::nanoseconds plan_pause(unsigned tries, double random);

/// The tries of one call. Used by one thread.
class Retry {
public:
  Retry(Clock& clock, const Throttle& throttle, const RetryLimits& limits)
      : clock_(clock), throttle_(throttle), limits_(limits) {}

  /// Waits as long as the server asked for. Errors: cancelled.
  Result<> await_turn(std::stop_token stop);
  /// Waits before the next try, or returns `error`: it is not retryable, or a limit is reached.
  /// Errors: cancelled.
  Result<> await_next_try(Error error, std::stop_token stop);
  /// Something was achieved; failures count anew.
  void note_progress() { tries_ = 0; }
  /// No further try, whatever the error.
  void forbid() { forbidden_ = true; }
  unsigned tries() const { return total_tries_; }

private:
  Clock& clock_;
  const Throttle& throttle_;
  const RetryLimits limits_;
  unsigned tries_ = 0;
  unsigned total_tries_ = 0;
  std::chrono::nanoseconds failing_since_{0};
  bool forbidden_ = false;
};

/// Calls `attempt` until it succeeds, fails for good, or the limits of `retry` end it.
template <class Attempt>
auto run_with_retries(Retry& retry, std::stop_token stop, const Attempt& attempt)
    -> decltype(attempt()) {
  for (;;) {
    TRY(retry.await_turn(stop));
    auto result = attempt();
    if (result) return result;
    TRY(retry.await_next_try(std::move(result).error(), stop));
  }
}

}  // namespace dmaas::storage
