#include "base/task_group.hpp"

#include <exception>

namespace dmaas {

TaskGroup::TaskGroup(std::stop_token parent)
    : parent_stopped_(std::move(parent), [this] { stop_.request_stop(); }) {}

TaskGroup::~TaskGroup() {
  stop_.request_stop();
  threads_.clear();
}

void TaskGroup::add(std::function<Result<>(std::stop_token)> task) {
  threads_.emplace_back([this, task = std::move(task)] {
    try {
      if (auto result = task(stop_.get_token()); !result) record(std::move(result).error());
    } catch (const std::exception& exception) {
      record(Error(ErrorCode::internal, exception.what()));
    }
  });
}

Result<> TaskGroup::wait() {
  threads_.clear();
  std::lock_guard lock{mutex_};
  if (first_error_) return fail(*first_error_);
  return {};
}

void TaskGroup::record(Error error) {
  {
    std::lock_guard lock{mutex_};
    bool only_cancelled = first_error_ && first_error_->code() == ErrorCode::cancelled;
    if (!first_error_ || (only_cancelled && error.code() != ErrorCode::cancelled)) {
      first_error_ = std::move(error);
    }
  }
  stop_.request_stop();
}

}  // namespace dmaas
