#pragma once

#include <stop_token>
#include <string>

#include "applications/claim.hpp"
#include "controller/mover_pod.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// A claim with its volume, driver and users as they are now. Errors: not_found and those of the
/// API server.
Result<applications::Claim> load_claim(World& world, const kube::ObjectKey& claim,
                                       std::stop_token stop);

/// Makes the way to a live volume's data and points the pod at it: a twin in the system namespace,
/// or the claim itself in the application's namespace where a twin is not safe. The pod's rights
/// say whether it will write. What the pod has to wait for is the result, "" when it may be made: a
/// pod that is there before its claim is bound is not looked at again by the scheduler for up to 20
/// s. Errors: unsupported (with the remedy), conflict (the claim is not bound any more).
Result<std::string> mount_live_volume(World& world, const applications::Claim& claim,
                                      const std::string& twin, MoverPod& pod, std::stop_token stop);

/// Removes twin claim and volume; the data stays. Repeating is harmless.
Result<> remove_twin(World& world, const std::string& twin, std::stop_token stop);

}  // namespace dmaas::controller
