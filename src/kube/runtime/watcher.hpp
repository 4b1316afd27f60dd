#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "kube/client/client.hpp"
#include "kube/runtime/backoff.hpp"
#include "kube/runtime/store.hpp"

namespace dmaas::kube {

// The decisions of a watcher as a table, without I/O.

struct WatchState {
  enum class Phase { listing, watching } phase = Phase::listing;
  std::string resource_version{};  // where watching goes on
  unsigned failures = 0;           // in a row
  bool failure_reported = false;

  bool operator==(const WatchState&) const = default;
};

namespace watch_input {
struct Listed {  // the last page arrived
  std::string resource_version{};
};
struct Event {
  EventType type = EventType::added;
  std::string resource_version{};
};
struct Ended {  // the stream ended as it should
};
struct Expired {};  // 410, as status or as event
struct Failed {
  Error error;
};
}  // namespace watch_input
using WatchInput = std::variant<watch_input::Listed, watch_input::Event, watch_input::Ended,
                                watch_input::Expired, watch_input::Failed>;

enum class WatchEmission { nothing, finish_list, apply, remove, report };
struct WatchStep {
  WatchState next;
  WatchEmission emission = WatchEmission::nothing;
  std::chrono::nanoseconds delay{0};  // before the next request
  bool recovered = false;             // the first success after a failure that was reported
};
/// Failures back off and keep the place; a failure is reported once per row of failures.
WatchStep next_watch_step(const WatchState& state, const WatchInput& input,
                          const BackoffOptions& backoff);

struct WatcherOptions {
  Clock* clock = &system_clock();
  std::string namespace_name{};  // "": all namespaces
  std::string label_selector{};
  std::string field_selector{};
  Content content = Content::whole;
  /// The longest pause is how long a copy may be out of date after an API server came back.
  BackoffOptions backoff{.first = std::chrono::milliseconds{500}, .most = std::chrono::seconds{10}};
  /// Told once per row of failures, and with nothing when it works again.
  std::function<void(const std::optional<Error>&)> on_health{};
};

/// Keeps `store` equal to what the server has, for ever: lists, watches, goes on after every
/// failure. Blocks until `stop`.
void run_watcher(Client& client, const Resource& resource, const WatcherOptions& options,
                 Store& store, std::stop_token stop);

}  // namespace dmaas::kube
