#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "controller/world.hpp"

namespace dmaas::controller {

/// Removes what sessions made and `is_unwanted` says nobody needs: pods, claims and ConfigMaps of
/// the system namespace, volumes, and the grants of the pods. All of it carries the session's UID
/// as a label, since ownerReferences do not reach across namespaces. Accepted, not finished: pods
/// take a moment to end. Repeating is harmless.
Result<> remove_belongings(World& world, const std::function<bool(const Json&)>& is_unwanted,
                           std::stop_token stop);
/// All that one session made, also what its status knows nothing of.
Result<> remove_belongings_of(World& world, const std::string& session_uid, std::stop_token stop);

}  // namespace dmaas::controller
