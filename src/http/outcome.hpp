#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "base/result.hpp"

namespace dmaas::http {

/// Lets one thread wait for the result of one operation on an event loop.
class Outcome {
public:
  void set(Result<std::size_t> result) {
    std::lock_guard lock{mutex_};
    result_ = std::move(result);
    ready_.notify_one();
  }
  Result<std::size_t> wait() {
    std::unique_lock lock{mutex_};
    ready_.wait(lock, [&] { return result_.has_value(); });
    return std::move(*result_);
  }

private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::optional<Result<std::size_t>> result_;
};

}  // namespace dmaas::http
