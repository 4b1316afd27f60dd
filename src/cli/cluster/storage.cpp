#include "cli/cluster/storage.hpp"

#include "cli/cluster/commands.hpp"

namespace dmaas::cli {

void add_storage_commands(CLI::App& app, CommandLine& line) {
  auto* storage = app.add_subcommand("storage", "Add storages, and see what lies on them");
  storage->require_subcommand(1);
  add_storage_add_command(*storage, line);
  add_storage_repositories_command(*storage, line);
  add_storage_import_command(*storage, line);
}

}  // namespace dmaas::cli
