#pragma once

#include "cli/cluster/connection.hpp"

namespace dmaas::cli {

void add_retention_set_command(CLI::App& retention, CommandLine& line);
void add_retention_preview_command(CLI::App& retention, CommandLine& line);

}  // namespace dmaas::cli
