#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "engine/format/lock_file.hpp"

namespace dmaas::engine {

/// shared: any number together (backup, restore, read). exclusive: nobody else (forget, prune,
/// check, keys).
enum class LockKind { shared, exclusive };

/// Who holds a lock, as lock and key files show it.
struct LockOwner {
  std::string hostname;
  std::string username;
  std::int64_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};
/// This process on this machine.
LockOwner this_process();

/// A held lock: refreshed every 5 minutes by a thread of its own, removed by the destructor.
class RepositoryLock {
public:
  virtual ~RepositoryLock() = default;
  /// Requested when the lock could not be refreshed for 22.5 minutes: others may now think it
  /// stale, so stop working.
  virtual std::stop_token lost() const = 0;
  /// Ends refreshing but leaves the lock on the storage, for a process that ends while others go on
  /// working under it: they are safe until it is taken over, or stale after 30 minutes.
  virtual void leave() = 0;
};

}  // namespace dmaas::engine
