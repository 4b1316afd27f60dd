#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "api/verification_session.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

// Helm runs in a pod of the scratch namespace. Its account may make there what charts are made of,
// but nothing that opens the namespace: no NetworkPolicy, no Ingress; a quota leaves no room for
// Services that are reached from outside. The network is open for this one pod, since it has to
// reach the API server and the chart's source, and only until it has ended: before any check.

/// The pod; `patience`: how long the session goes on yet, of which Helm waits the greater part for
/// the chart's workloads. Pure.
Json chart_pod(const api::VerificationSession& session, std::chrono::nanoseconds patience);
/// What its network is opened by. Pure.
Json chart_network_policy(const api::VerificationSession& session);

/// "" when Helm has succeeded, else the end of what it said; nothing while it runs. Pure.
std::optional<std::string> trouble_of_chart(const Json& pod);

struct ChartView {
  std::optional<std::string> outcome{};  // as above
  std::string message{};                 // why it does not start; "" when it does
};
/// Makes what is needed and the pod when it is not there, and looks what became of it. A controller
/// that starts anew finds its end. Errors: those of the API server.
Result<ChartView> step_chart(World& world, const api::VerificationSession& session,
                             std::chrono::nanoseconds patience, std::stop_token stop);

/// Closes the network again. Repeating is harmless.
Result<> close_chart_network(World& world, const api::VerificationSession& session,
                             std::stop_token stop);

}  // namespace dmaas::controller
