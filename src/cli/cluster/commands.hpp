#pragma once

#include "cli/cluster/connection.hpp"

namespace dmaas::cli {

// Commands that talk to a cluster, one file each.
void add_install_commands(CLI::App& app, CommandLine& line);  // install, version
void add_uninstall_command(CLI::App& app, CommandLine& line);
void add_storage_commands(CLI::App& app, CommandLine& line);
void add_protect_command(CLI::App& app, CommandLine& line);
void add_backup_command(CLI::App& app, CommandLine& line);
void add_restore_command(CLI::App& app, CommandLine& line);

}  // namespace dmaas::cli
