// dmaas delete backup
#include <fmt/format.h>

#include <memory>

#include "api/repository.hpp"
#include "api/snapshot.hpp"
#include "applications/retention/delete_backup.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/refill.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

/// Erasing waits for sessions that use the repository.
constexpr std::chrono::minutes patience{60};

struct DeleteFlags {
  ClusterFlags cluster;
  std::vector<std::string> backups;
  bool no_wait = false;
};

/// Otherwise only the object would go. Errors: permission_denied, not_found.
Result<> check_can_be_erased(const Connection& connection, const api::Snapshot& backup,
                             std::stop_token stop) {
  auto key = backup.spec.repository.key(backup.metadata.namespace_name);
  auto repository = TRY(load_or_list<api::Repository>(*connection.client, key, std::move(stop)));
  if (repository.status.owned_by_this_cluster) return {};
  const auto& owner = repository.status.owner_cluster;
  return fail(ErrorCode::permission_denied,
              fmt::format("backup {} cannot be erased here: repository {} belongs to cluster {}, "
                          "delete it there",
                          backup.metadata.key().text(), key.text(), owner ? owner->name : "?"));
}

Result<ExitCode> run_delete(const Connection& connection, const DeleteFlags& flags,
                            std::stop_token stop) {
  const auto& kind = api::kind_info<api::Snapshot>();
  std::vector<api::Snapshot> backups;
  for (const auto& name : flags.backups) {
    kube::ObjectKey key{connection.namespace_name, name};
    backups.push_back(TRY(load_or_list<api::Snapshot>(*connection.client, key, stop)));
  }
  for (const auto& backup : backups) TRY(check_can_be_erased(connection, backup, stop));
  for (const auto& backup : backups)
    TRY(applications::delete_backup(*connection.client, backup, stop));
  for (const auto& backup : backups) {
    auto key = backup.metadata.key();
    if (flags.no_wait) {
      print_line("backup " + key.text() + " is being erased");
      continue;
    }
    auto gone = wait_until_gone(*connection.client, kind.resource(), backup.source, patience, stop);
    if (!gone) {
      return fail(std::move(gone).error().context(
          fmt::format("backup {} is being erased, see 'dmaas describe repository {} -n {}'",
                      key.text(), backup.spec.repository.name, key.namespace_name)));
    }
    print_line("backup " + key.text() + " is erased");
  }
  return ExitCode::success;
}

}  // namespace

void add_delete_commands(CLI::App& app, CommandLine& line) {
  auto* group = app.add_subcommand("delete", "Erase backups, or end refills");
  group->require_subcommand(1);
  add_delete_refill_command(*group, line);
  auto flags = std::make_shared<DeleteFlags>();
  auto* command = group->add_subcommand(
      "backup", "Erase backups for ever, and give back the space that only they needed");
  add_cluster_flags(*command, flags->cluster);
  command->add_flag("--no-wait", flags->no_wait, "Do not wait until they are erased");
  command->add_option("backup", flags->backups, "The backups")->required()->type_name("BACKUP");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_delete(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
