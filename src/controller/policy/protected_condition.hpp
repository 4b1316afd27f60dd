#pragma once

#include <stop_token>
#include <string_view>

#include "controller/policy/protection.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

// Beside the annotations of `Protection` a condition in the target's status, so that `kubectl wait
// --for=condition=dmaas.io/Protected` works; only where the kind's conditions are a list that
// several may write, each his own entry. Who keeps the kind may drop it (the controller of
// StatefulSets does when anything else in the status changes): on kinds of Kubernetes it is written
// again when the plan is looked at, since their controllers do not answer to that; on any other
// only together with news, so that two never write against each other.

inline constexpr std::string_view protected_condition = "dmaas.io/Protected";

enum class Occasion { news, another_look };

/// Whether a kind that a definition describes has such conditions, and a status of its own. Pure.
bool shares_conditions(const Json& definition, std::string_view version);

/// Writes the condition, or takes it away with an empty state. A target that may not be written on
/// or does not take it is left as it is. Errors: those of the API server that may pass.
Result<> show_condition(World& world, const kube::Resource& resource, const Json& target,
                        const Protection& protection, Occasion occasion, std::stop_token stop);

}  // namespace dmaas::controller
