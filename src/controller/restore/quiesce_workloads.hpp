#pragma once

#include <stop_token>

#include "controller/restore/restore_work.hpp"

namespace dmaas::controller {

// Workloads whose claims are filled have no pod meanwhile. The status says how many replicas they
// had before they are scaled, so every end of the session, and every later process of the
// controller, gives them back. Only the scale subresource is written, as the session's account.

/// Condition: the workloads that use the claims are in the status.
inline constexpr std::string_view workloads_found = "WorkloadsFound";

/// The workload that decides how many pods like this one there are. Errors: unsupported (nothing
/// that can be scaled, or what a controller of its own would scale again; with the remedy),
/// not_found (the pod has ended).
Result<api::StoppedWorkload> find_scaled_workload(World& world, const kube::ObjectKey& pod,
                                                  std::stop_token stop);

/// One step towards claims without users; true once they have none. Errors: invalid_input (pods
/// that do not end), those of the API server.
Result<bool> quiesce_workloads(World& world, RestoreWork& work, std::stop_token stop);

/// Gives workloads the replicas that they had, once no mover can write to their claims any more;
/// true when all have them. One that somebody has scaled or made anew meanwhile is left; one that
/// may not be scaled is abandoned, with a warning. Repeating is harmless.
Result<bool> release_workloads(World& world, RestoreWork& work, std::stop_token stop);

/// True once what was released is ready. Errors: invalid_input (not within 10 minutes).
Result<bool> await_released(World& world, RestoreWork& work, std::stop_token stop);

}  // namespace dmaas::controller
