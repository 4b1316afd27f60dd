#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "cli/cluster/connection.hpp"
#include "cli/cluster/wait.hpp"

namespace dmaas::cli {

/// What the annotations on a workload or a namespace say of its protection. Pure.
WaitState judge_protection(const Json& object);

/// Waits until what is named, which is of no kind of ours, is protected. Errors: internal (it
/// cannot be, and says why), timeout, invalid_input (no such kind), not_found.
Result<ExitCode> wait_for_protection(const Connection& connection, const std::string& kind,
                                     const std::string& name, std::chrono::nanoseconds timeout,
                                     std::stop_token stop);

}  // namespace dmaas::cli
