#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "kube/client/client.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::kube {

/// Until when the Lease is this process's, whatever its threads have noticed: one that is stopped
/// (SIGSTOP, a frozen machine) goes on with what it knew. Thread-safe.
class Tenure {
public:
  void extend_to(std::chrono::nanoseconds monotonic) { end_ = monotonic.count(); }
  bool is_over(std::chrono::nanoseconds monotonic) const { return monotonic.count() >= end_; }

private:
  std::atomic<std::int64_t> end_{0};
};

struct LeaseOptions {
  ObjectKey lease{};
  std::string identity{};  // unique to this process: pod name and a random part
  std::chrono::nanoseconds duration = std::chrono::seconds{15};
  std::chrono::nanoseconds renew_deadline = std::chrono::seconds{10};
  std::chrono::nanoseconds retry_period = std::chrono::seconds{2};
  Clock* clock = &system_clock();
  RuntimeMetrics* metrics = &no_metrics();
  Tenure* tenure = nullptr;  // kept current when given
};

/// What this process knows of the Lease, with the moment it saw the record change. The times inside
/// the record are other machines' clocks and are never compared with ours.
struct ObservedLease {
  std::string holder{};
  std::string record{};  // the whole spec; any difference means that its holder lives
  std::chrono::nanoseconds changed_at{0};  // monotonic
};
enum class LeaseDecision { create, take, renew, wait };
/// `object`: the Lease as read now; nothing when absent. `observed` is brought up to date.
LeaseDecision decide_lease(const std::optional<Json>& object,
                           std::optional<ObservedLease>& observed, const LeaseOptions& options,
                           std::chrono::nanoseconds now);

/// Waits to become leader, then runs `lead` on this thread while the Lease is renewed on another.
/// `lead`'s token is stopped when `stop` is requested or the Lease could not be renewed for
/// `renew_deadline`. Released at the end, so that the next one starts at once. Result: what `lead`
/// returned; `unavailable` when leadership was lost (the process should end and start anew);
/// `cancelled` when stopped before it led. A leader that lost may overlap the next one for moments;
/// FencedClient keeps it from writing then, but for a request that is on its way.
Result<> run_as_leader(Client& client, const LeaseOptions& options,
                       const std::function<Result<>(std::stop_token)>& lead, std::stop_token stop);

}  // namespace dmaas::kube
