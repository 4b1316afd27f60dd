#pragma once

#include <chrono>
#include <memory>

#include "base/clock.hpp"
#include "storage/object_store.hpp"
#include "storage/throttle.hpp"

namespace dmaas::storage {

/// Repeats calls of `inner` that failed with a retryable code (never permission_denied, corrupt, …)
/// until they succeed or have failed for `give_up_after` without any progress. A load goes on where
/// it stopped; a save is repeated if its source can be rewound; a listing leaves out what was
/// delivered already, for which it remembers 8 bytes per object. `throttle` is where `inner` notes
/// how long its server asked to wait.
std::unique_ptr<ObjectStore> retrying(std::unique_ptr<ObjectStore> inner, Clock& clock,
                                      std::shared_ptr<const Throttle> throttle,
                                      std::chrono::seconds give_up_after);

}  // namespace dmaas::storage
