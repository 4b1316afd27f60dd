#pragma once

#include <chrono>
#include <optional>

#include "controller/world.hpp"

namespace dmaas::controller {

/// How often a repository has to be looked at for the standbys that follow it; nothing: none does.
std::optional<std::chrono::nanoseconds> refresh_interval_of(const World& world,
                                                            const kube::ObjectKey& repository);

/// The repository that a Standby follows.
kube::ObjectKey followed_by(const Json& standby);

}  // namespace dmaas::controller
