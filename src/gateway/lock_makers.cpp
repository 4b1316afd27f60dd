#include "gateway/lock_makers.hpp"

namespace dmaas::gateway {

void LockMakers::remember(const std::string& lock, const std::string& pod_uid) {
  std::lock_guard lock_guard{mutex_};
  if (!makers_.insert_or_assign(lock, pod_uid).second) return;
  order_.push_back(lock);
  if (order_.size() <= max_remembered) return;
  makers_.erase(order_.front());
  order_.pop_front();
}

void LockMakers::forget(const std::string& lock) {
  std::lock_guard lock_guard{mutex_};
  if (makers_.erase(lock) > 0) std::erase(order_, lock);
}

LockMaker LockMakers::find(const std::string& lock, const std::string& pod_uid) const {
  std::lock_guard lock_guard{mutex_};
  auto found = makers_.find(lock);
  return found != makers_.end() && found->second == pod_uid ? LockMaker::caller : LockMaker::other;
}

}  // namespace dmaas::gateway
