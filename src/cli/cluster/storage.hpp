#pragma once

#include "cli/cluster/connection.hpp"

namespace dmaas::cli {

// Commands below `dmaas storage`, one file each.
void add_storage_add_command(CLI::App& storage, CommandLine& line);
void add_storage_repositories_command(CLI::App& storage, CommandLine& line);
void add_storage_import_command(CLI::App& storage, CommandLine& line);

}  // namespace dmaas::cli
