#pragma once

#include <stop_token>
#include <vector>

#include "applications/application.hpp"
#include "applications/cluster_view.hpp"
#include "applications/selection.hpp"
#include "base/result.hpp"

namespace dmaas::applications {

/// Finds everything that belongs to the targets: what they name, owners and owned, what pods refer
/// to, accounts with their roles, claims with volumes and classes, what selects or acts on it,
/// custom resources with their definitions and what they clearly refer to, and the namespaces.
/// Lists every kind of the targets' namespaces once; memory for a few hundred bytes per object.
///
/// A target that matches nothing is a finding in the result, not an error. Errors: those of the
/// view but not_found and permission_denied on one kind, which are warnings; cancelled.
Result<Application> discover(const ClusterView& view, const std::vector<Target>& targets,
                             std::stop_token stop);

}  // namespace dmaas::applications
