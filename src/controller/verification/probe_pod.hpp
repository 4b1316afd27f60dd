#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "api/probe.hpp"
#include "api/verification_session.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// A pod of ours in the scratch namespace that tries something out. It holds no token, mounts
/// nothing, and tells its answer in its status.
struct ProbePod {
  std::string purpose{};  // "isolation", "check-rows"
  api::ProbeOrder order{};
};
/// Every namespace admits it, also one for restricted pods only. Pure.
Json probe_manifest(const api::VerificationSession& session, const ProbePod& probe,
                    const Settings& settings);

/// What an ended probe told; a probe that ended without an answer has not passed. Nothing while it
/// runs. Pure.
std::optional<api::ProbeReport> report_of(const Json& pod);

struct ProbeView {
  std::optional<api::ProbeReport> report{};
  std::string message{};  // why it does not start; "" when it does
};
/// Makes the probe when it is not there, and looks what became of it. It stays until the namespace
/// goes: a controller that starts anew finds its answer.
Result<ProbeView> step_probe(World& world, const api::VerificationSession& session,
                             const ProbePod& probe, std::stop_token stop);

}  // namespace dmaas::controller
