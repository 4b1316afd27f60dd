#pragma once

#include <stop_token>
#include <string>

#include "api/standby.hpp"
#include "kube/client/client.hpp"

namespace dmaas::cli {

/// What a person waits for.
enum class StandbyGoal { synced, active, inactive };

/// Whether the standby has come there, by what its controller has seen of its newest spec. Pure.
bool has_reached(const api::Standby& standby, StandbyGoal goal);
/// Why it does not come there by itself soon; "" when it may. Pure.
std::string obstacle_to(const api::Standby& standby, StandbyGoal goal);

/// Shows what a standby does until it has reached the goal. A stop leaves it at work. Errors:
/// internal (something failed; it is tried again in the cluster), not_found (it was deleted).
Result<api::Standby> follow_standby(kube::Client& client, const kube::ObjectKey& key,
                                    StandbyGoal goal, std::stop_token stop);

}  // namespace dmaas::cli
