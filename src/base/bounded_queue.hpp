#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace dmaas {

/// Joins two stages of a pipeline. Holds at most `capacity` items: a fast producer waits for a slow
/// consumer. Thread-safe for any number of producers and consumers.
template <class T>
class BoundedQueue {
public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Blocks while the queue is full. False when the queue is closed or `stop` was requested; the
  /// item is dropped then.
  bool push(T item, std::stop_token stop) {
    std::unique_lock lock{mutex_};
    bool ready = not_full_.wait(lock, stop, [&] { return closed_ || items_.size() < capacity_; });
    if (!ready || closed_) return false;
    items_.push_back(std::move(item));
    not_empty_.notify_one();
    return true;
  }

  /// Blocks while the queue is empty. Nothing when it is closed and drained, or `stop` was
  /// requested.
  std::optional<T> pop(std::stop_token stop) {
    std::unique_lock lock{mutex_};
    bool ready = not_empty_.wait(lock, stop, [&] { return closed_ || !items_.empty(); });
    if (!ready || items_.empty()) return std::nullopt;
    std::optional<T> item{std::move(items_.front())};
    items_.pop_front();
    not_full_.notify_one();
    return item;
  }

  /// No more pushes; consumers drain what is there.
  void close() {
    std::lock_guard lock{mutex_};
    closed_ = true;
    not_empty_.notify_all();
    not_full_.notify_all();
  }

private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable_any not_full_;
  std::condition_variable_any not_empty_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace dmaas
