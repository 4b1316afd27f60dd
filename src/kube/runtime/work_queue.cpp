#include "kube/runtime/work_queue.hpp"

namespace dmaas::kube {
namespace {

constexpr std::chrono::hours idle_wait{1};

}  // namespace

// Sleepers wait on the clock, not on a condition variable, so that tests move time. Whatever may
// let one of them go on stops the token they sleep with.

void WorkQueue::add(const ObjectKey& key, std::chrono::nanoseconds delay) {
  std::lock_guard lock{mutex_};
  auto time = clock_.monotonic() + delay;
  auto [entry, added] = due_.try_emplace(key, time);
  if (!added && entry->second <= time) return;
  bool idle = !working_.contains(key);
  if (!added && idle) order_.erase({entry->second, key});
  entry->second = time;
  if (!idle) return;
  order_.emplace(time, key);
  wake_sleepers();
}

std::optional<ObjectKey> WorkQueue::take(std::stop_token stop) {
  std::stop_callback wake(stop, [this] {
    std::lock_guard lock{mutex_};
    wake_sleepers();
  });
  while (!stop.stop_requested()) {
    std::stop_token wakeup;
    Time delay;
    {
      std::lock_guard lock{mutex_};
      auto now = clock_.monotonic();
      if (auto key = take_due(now)) return key;
      delay = next_delay(now);
      wakeup = wakeup_.get_token();
    }
    if (stop.stop_requested()) break;
    clock_.sleep(delay, wakeup);
  }
  return std::nullopt;
}

void WorkQueue::finish(const ObjectKey& key) {
  std::lock_guard lock{mutex_};
  working_.erase(key);
  auto again = due_.find(key);
  if (again == due_.end()) return;
  order_.emplace(again->second, key);
  wake_sleepers();
}

std::size_t WorkQueue::size() const {
  std::lock_guard lock{mutex_};
  return due_.size();
}

std::size_t WorkQueue::due_count() const {
  std::lock_guard lock{mutex_};
  auto now = clock_.monotonic();
  std::size_t count = 0;
  for (auto entry = order_.begin(); entry != order_.end() && entry->first <= now; ++entry) ++count;
  return count;
}

std::optional<ObjectKey> WorkQueue::take_due(Time now) {
  if (order_.empty() || order_.begin()->first > now) return std::nullopt;
  auto key = order_.begin()->second;
  order_.erase(order_.begin());
  due_.erase(key);
  working_.insert(key);
  return key;
}

WorkQueue::Time WorkQueue::next_delay(Time now) const {
  return order_.empty() ? Time{idle_wait} : order_.begin()->first - now;
}

void WorkQueue::wake_sleepers() {
  auto sleeping = std::exchange(wakeup_, std::stop_source{});
  sleeping.request_stop();
}

}  // namespace dmaas::kube
