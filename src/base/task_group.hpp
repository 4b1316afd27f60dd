#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/result.hpp"

namespace dmaas {

/// Threads that begin and end together. The first error stops all others; the destructor stops and
/// joins. `add` and `wait` are called from one thread.
class TaskGroup {
public:
  /// Tasks see a stop request when `parent` is stopped, a task fails, or the group is destroyed.
  explicit TaskGroup(std::stop_token parent);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Runs `task` on a thread of its own. An exception that leaves it becomes an `internal` error.
  void add(std::function<Result<>(std::stop_token)> task);
  /// Joins all. The first error; a `cancelled` that only follows from another task's error does not
  /// hide that one.
  Result<> wait();
  void request_stop() { stop_.request_stop(); }
  std::stop_token token() const { return stop_.get_token(); }

private:
  void record(Error error);

  std::stop_source stop_;
  std::stop_callback<std::function<void()>> parent_stopped_;
  std::mutex mutex_;
  std::optional<Error> first_error_;
  std::vector<std::jthread> threads_;
};

}  // namespace dmaas
