#pragma once

#include "cli/cluster/connection.hpp"

namespace dmaas::cli {

// Commands that talk to a cluster, one file each.
void add_install_command(CLI::App& app, CommandLine& line);
void add_uninstall_command(CLI::App& app, CommandLine& line);
void add_version_command(CLI::App& app, CommandLine& line);
void add_credential_commands(CLI::App& app, CommandLine& line);  // add, list, remove
void add_storage_commands(CLI::App& app, CommandLine& line);     // add, repositories, import
void add_policies_command(CLI::App& app, CommandLine& line);
void add_protect_command(CLI::App& app, CommandLine& line);
void add_backup_command(CLI::App& app, CommandLine& line);
void add_restore_command(CLI::App& app, CommandLine& line);
void add_copy_commands(CLI::App& app, CommandLine& line);  // backup
void add_cancel_command(CLI::App& app, CommandLine& line);
void add_pause_commands(CLI::App& app, CommandLine& line);       // pause, resume
void add_delete_commands(CLI::App& app, CommandLine& line);      // backup, refill
void add_repository_commands(CLI::App& app, CommandLine& line);  // maintain
void add_retention_commands(CLI::App& app, CommandLine& line);   // set, preview
void add_accept_command(CLI::App& app, CommandLine& line);
void add_upgrade_point_commands(CLI::App& app, CommandLine& line);
void add_standby_commands(CLI::App& app, CommandLine& line);  // create, status, activate, ...
void add_migrate_commands(CLI::App& app, CommandLine& line);  // start, status, stop, resume, ...
void add_status_command(CLI::App& app, CommandLine& line);
void add_report_command(CLI::App& app, CommandLine& line);
void add_get_command(CLI::App& app, CommandLine& line);
void add_describe_command(CLI::App& app, CommandLine& line);
void add_logs_command(CLI::App& app, CommandLine& line);
void add_verify_command(CLI::App& app, CommandLine& line);
void add_preflight_command(CLI::App& app, CommandLine& line);
void add_wait_command(CLI::App& app, CommandLine& line);

/// All of them, in the order in which people need them.
void add_cluster_commands(CLI::App& app, CommandLine& line);

}  // namespace dmaas::cli
