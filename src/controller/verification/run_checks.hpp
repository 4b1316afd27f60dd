#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "api/probe.hpp"
#include "api/restore_session.hpp"
#include "api/verification_session.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// What became of one check; the same as what a probe tells.
using CheckOutcome = api::ProbeReport;

/// Of a command that has ended. Pure.
CheckOutcome judge_exec(const api::ExecCheck& check, const kube::ExecResult& result);
/// Of the volumes that a restore has filled and read back. Pure.
CheckOutcome judge_files(const std::vector<api::RestoredVolume>& volumes);

/// Workloads of the namespace that are not ready, as "StatefulSet db: 1 of 2 pods are ready".
Result<std::vector<std::string>> unready_workloads(World& world, const std::string& scratch,
                                                   std::stop_token stop);

/// Where and until when a check is tried.
struct CheckOccasion {
  std::string scratch{};
  kube::Account account{};  // that commands run as
  std::chrono::nanoseconds patience{};
};
/// Checks that the controller does itself: ready and exec. Repeats what does not pass until the
/// occasion's patience ends, and blocks as long.
CheckOutcome run_check(World& world, const api::VerificationCheck& check,
                       const CheckOccasion& occasion, std::stop_token stop);

}  // namespace dmaas::controller
