#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/clock.hpp"
#include "engine/repository/lock.hpp"
#include "engine/repository/stored_files.hpp"

namespace dmaas::engine {

/// True when the holder is certainly gone: not refreshed for 30 minutes, or a process of this host
/// that does not exist.
bool is_stale(const LockFile& lock, const LockOwner& self, Timestamp now);

/// As Repository::lock. `files` and `clock` outlive the lock.
Result<std::unique_ptr<RepositoryLock>> acquire_lock(const StoredFiles& files, Clock& clock,
                                                     const LockOwner& owner, LockKind kind,
                                                     std::chrono::nanoseconds wait,
                                                     std::stop_token stop);

enum class Unlock { stale_only, all };
/// Removes locks; how many.
Result<std::size_t> remove_locks(const StoredFiles& files, Clock& clock, const LockOwner& self,
                                 Unlock which, std::stop_token stop);

}  // namespace dmaas::engine
