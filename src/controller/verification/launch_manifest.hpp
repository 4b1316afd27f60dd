#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "api/verification_session.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// The objects of a launch manifest as they are applied in the scratch namespace. Errors:
/// invalid_input (no YAML, no objects, one that names another namespace, or one that a trial leaves
/// out). Pure.
Result<std::vector<Json>> launched_objects(const std::string& yaml, const std::string& scratch);

/// Reads the session's manifest, applies its objects as `account`, and waits until its workloads
/// are ready, at most `patience`. Blocks as long. Errors: not_found (the ConfigMap), timeout, and
/// those above.
Result<> launch_manifest(World& world, const api::VerificationSession& session,
                         const kube::Account& account, std::chrono::nanoseconds patience,
                         std::stop_token stop);

}  // namespace dmaas::controller
