#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/object_store.hpp"

namespace dmaas::gateway {

struct Erasure {
  std::uint64_t removed = 0;  // objects
  bool is_done = false;       // nothing of the repository is left
};

/// Removes the objects of the repository at `path`, snapshots first and its config last, so that
/// what is left of one that is broken off is still found, and can be erased. Other files and
/// repositories below the path stay. Begins nothing more once `patience` is over: the next call
/// goes on. Errors: those of the store.
Result<Erasure> erase_repository(storage::ObjectStore& store, const std::string& path, Clock& clock,
                                 std::chrono::nanoseconds patience, std::stop_token stop);

}  // namespace dmaas::gateway
