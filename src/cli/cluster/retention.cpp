#include "cli/cluster/retention.hpp"

#include "cli/cluster/commands.hpp"

namespace dmaas::cli {

void add_retention_commands(CLI::App& app, CommandLine& line) {
  auto* retention = app.add_subcommand("retention", "Say which backups are kept, and see why");
  retention->require_subcommand(1);
  add_retention_set_command(*retention, line);
  add_retention_preview_command(*retention, line);
}

}  // namespace dmaas::cli
