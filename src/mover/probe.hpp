#pragma once

#include <stop_token>
#include <string>

#include "api/probe.hpp"
#include "base/clock.hpp"

namespace dmaas::mover {

/// Does what the order asks, repeating it until it holds or the order's patience ends. Blocks. What
/// cannot be reached is an answer, not an error. Errors: cancelled.
Result<api::ProbeReport> probe(const api::ProbeOrder& order, Clock& clock, std::stop_token stop);

/// The role: reads the order from JSON text and writes the report into `report_file`, which the
/// kubelet shows in the pod's status. Errors: invalid_input (the order), those of writing.
Result<> run_probe(const std::string& order, const std::string& report_file, Clock& clock,
                   std::stop_token stop);

}  // namespace dmaas::mover
