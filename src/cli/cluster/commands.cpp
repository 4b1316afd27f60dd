#include "cli/cluster/commands.hpp"

namespace dmaas::cli {

void add_cluster_commands(CLI::App& app, CommandLine& line) {
  add_install_command(app, line);
  add_uninstall_command(app, line);
  add_version_command(app, line);
  add_credential_commands(app, line);
  add_storage_commands(app, line);
  add_policies_command(app, line);
  add_protect_command(app, line);
  add_preflight_command(app, line);
  add_backup_command(app, line);
  add_restore_command(app, line);
  add_verify_command(app, line);
  add_upgrade_point_commands(app, line);
  add_copy_commands(app, line);
  add_standby_commands(app, line);
  add_migrate_commands(app, line);
  add_cancel_command(app, line);
  add_pause_commands(app, line);
  add_retention_commands(app, line);
  add_accept_command(app, line);
  add_delete_commands(app, line);
  add_repository_commands(app, line);
  add_status_command(app, line);
  add_report_command(app, line);
  add_get_command(app, line);
  add_describe_command(app, line);
  add_logs_command(app, line);
  add_wait_command(app, line);
}

}  // namespace dmaas::cli
