#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <stop_token>

#include "base/result.hpp"
#include "base/task_group.hpp"

namespace dmaas::applications {

/// Requests that one restore has in flight: with more, an API server of two cores gets no faster.
constexpr std::size_t max_requests_in_flight = 8;

/// Calls `body` for 0 … count-1 from several threads. The first error stops the rest and becomes
/// the result.
inline Result<> for_each_in_parallel(
    std::size_t count, const std::function<Result<>(std::size_t, std::stop_token)>& body,
    std::stop_token stop) {
  std::atomic<std::size_t> next = 0;
  TaskGroup tasks(stop);
  for (std::size_t i = 0; i < std::min(count, max_requests_in_flight); ++i) {
    tasks.add([&](std::stop_token stopped) -> Result<> {
      for (std::size_t index = next++; index < count; index = next++) {
        if (stopped.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
        TRY(body(index, stopped));
      }
      return {};
    });
  }
  return tasks.wait();
}

}  // namespace dmaas::applications
