#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <stop_token>

#include "base/task_group.hpp"

namespace dmaas::engine {

/// Calls `work(i, stop)` for every i below `count`, at most `threads` at a time. The first error
/// stops the others.
template <class Work>
Result<> in_parallel(std::size_t count, std::size_t threads, std::stop_token stop, Work work) {
  std::atomic<std::size_t> next{0};
  TaskGroup group{stop};
  for (std::size_t t = 0; t < std::min(threads, count); ++t) {
    group.add([&](std::stop_token group_stop) -> Result<> {
      for (std::size_t i = next++; i < count; i = next++) {
        if (group_stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
        TRY(work(i, group_stop));
      }
      return {};
    });
  }
  return group.wait();
}

}  // namespace dmaas::engine
