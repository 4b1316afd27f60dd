#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

#include "base/clock.hpp"
#include "kube/object/object_key.hpp"

namespace dmaas::kube {

/// Keys with the times at which they are due. A key is in it at most once (the earlier time wins)
/// and is never handed out while somebody works on it; added meanwhile, it comes again afterwards.
/// Thread-safe. Bounded by the number of keys.
class WorkQueue {
public:
  explicit WorkQueue(Clock& clock) : clock_(clock) {}

  void add(const ObjectKey& key, std::chrono::nanoseconds delay = {});
  /// Blocks until a key is due. Nothing when `stop` was requested. Every key taken is given back by
  /// `finish`.
  std::optional<ObjectKey> take(std::stop_token stop);
  void finish(const ObjectKey& key);
  /// Keys that wait, due or not.
  std::size_t size() const;
  /// Keys whose time has come but that nobody took yet.
  std::size_t due_count() const;

private:
  using Time = std::chrono::nanoseconds;  // monotonic

  std::optional<ObjectKey> take_due(Time now);
  Time next_delay(Time now) const;
  void wake_sleepers();

  Clock& clock_;
  mutable std::mutex mutex_;
  std::map<ObjectKey, Time> due_;
  std::set<std::pair<Time, ObjectKey>> order_;  // of `due_` what nobody works on
  std::set<ObjectKey> working_;
  std::stop_source wakeup_;  // replaced whenever the earliest time may have changed
};

}  // namespace dmaas::kube
