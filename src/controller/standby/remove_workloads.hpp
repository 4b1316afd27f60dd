#pragma once

#include <stop_token>
#include <string>

#include "api/standby.hpp"
#include "controller/world.hpp"
#include "kube/object/resource.hpp"

namespace dmaas::controller {

/// Whether a deactivation removes objects of this kind: what runs pods, and custom resources, for
/// which an operator does. Pure.
bool is_removed_by_deactivation(const kube::Resource& resource);

/// Removes what the standby's activation restored and what runs, as the account that restored it.
/// Claims stay, whatever a StatefulSet says about them; so do configuration and Services. What is
/// waited for; "" when nothing is left. Errors: permission_denied, those of the API server.
Result<std::string> remove_workloads(World& world, const api::Standby& standby,
                                     std::stop_token stop);

}  // namespace dmaas::controller
