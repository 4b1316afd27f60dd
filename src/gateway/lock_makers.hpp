#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "gateway/scope.hpp"

namespace dmaas::gateway {

/// Which pod made which repository lock, as far as this process saw; the oldest are forgotten.
/// A lock of a forgotten maker stays until the controller removes it. Thread-safe.
class LockMakers {
public:
  static constexpr std::size_t max_remembered = 10'000;

  void remember(const std::string& lock, const std::string& pod_uid);
  void forget(const std::string& lock);
  LockMaker find(const std::string& lock, const std::string& pod_uid) const;

private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> makers_;
  std::deque<std::string> order_;
};

}  // namespace dmaas::gateway
