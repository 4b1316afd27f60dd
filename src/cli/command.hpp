#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <stop_token>

#include "base/result.hpp"
#include "cli/program.hpp"

namespace dmaas::cli {

/// What a command line asks for, to be run once it is parsed. The last parsed subcommand sets it.
using Command = std::function<Result<ExitCode>(std::stop_token)>;

/// Group of the commands that pods run, not people.
inline constexpr const char* role_group = "Processes in the cluster";

struct CommandLine {
  Command chosen;
};

}  // namespace dmaas::cli
