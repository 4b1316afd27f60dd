#pragma once

#include "cli/command.hpp"

namespace dmaas::cli {

/// `dmaas repo ...`: any restic repository, without a cluster. Flags, environment, JSON and exit
/// codes are restic's where the meaning is the same.
void add_repo_commands(CLI::App& app, CommandLine& line);

}  // namespace dmaas::cli
