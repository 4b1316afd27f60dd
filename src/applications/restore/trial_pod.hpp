#pragma once

#include <functional>

#include "applications/object_id.hpp"
#include "base/json.hpp"

namespace dmaas::applications {

/// A pod as the workload's controller would make it, for a dry run; null when `workload` has no pod
/// template or is a pod itself. An account or class that does not exist yet would be refused though
/// the restore brings it: `exists` decides, and what does not exist is left out.
Json trial_pod(const Json& workload, const std::function<bool(const ObjectId&)>& exists);

}  // namespace dmaas::applications
