// dmaas upgrade-point
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/cluster/backup.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/restore.hpp"
#include "cli/cluster/verify.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct TakeFlags {
  ClusterFlags cluster;
  std::string plan;
  std::string verifier;
  bool allow_unisolated = false;
};

/// The backup that is on a storage; the first one where several have it.
Result<std::string> backup_of(const api::BackupSession& session) {
  const auto& status = session.status;
  if (status.phase != api::BackupPhase::succeeded)
    return fail(ErrorCode::internal, "do not upgrade yet: the backup failed: " + status.message);
  auto found = std::ranges::find_if(status.storages, &api::StorageResult::complete);
  if (found != status.storages.end()) return found->snapshot;
  return fail(ErrorCode::internal, "do not upgrade yet: no storage has the backup");
}

Result<ExitCode> take(const Connection& connection, const TakeFlags& flags, std::stop_token stop) {
  auto session = TRY(take_backup(connection, {.plan = flags.plan}, stop));
  auto backup = TRY(backup_of(session));
  auto verified = run_verify(connection,
                             {.subject = flags.plan,
                              .backup = backup,
                              .verifier = flags.verifier,
                              .allow_unisolated = flags.allow_unisolated},
                             stop);
  TRY(std::move(verified).context("do not upgrade yet"));
  print_line(fmt::format("to come back to it: dmaas upgrade-point return {} -n {}", backup,
                         connection.namespace_name));
  return ExitCode::success;
}

void add_take_command(CLI::App& upgrade_point, CommandLine& line) {
  auto flags = std::make_shared<TakeFlags>();
  auto* command = upgrade_point.add_subcommand(
      "take", "Back up now, and prove by a test restore that the way back is there");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("plan", flags->plan, "The plan")->required()->type_name("PLAN");
  command
      ->add_option("--verifier", flags->verifier,
                   "Verifier whose checks are made (default: the one that names the plan)")
      ->type_name("VERIFIER");
  command->add_flag("--allow-unisolated", flags->allow_unisolated,
                    "Go on where the network does not isolate the test restore");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return take(connection, *flags, stop);
      });
    };
  });
}

void add_return_command(CLI::App& upgrade_point, CommandLine& line) {
  auto command = std::make_shared<RestoreCommand>();
  command->flags.in_place = "scaleToZero";
  command->flags.existing = "update";
  auto* added = upgrade_point.add_subcommand(
      "return", "Bring objects and data back in place; workloads have no pods meanwhile");
  add_cluster_flags(*added, command->flags.cluster);
  add_object_output_flag(*added, command->format);
  added->add_option("backup", command->flags.backup, "Name of the backup: [namespace/]name")
      ->required()
      ->type_name("BACKUP");
  added->add_flag("--preflight", command->preflight_only, "Only check what would happen");
  added->add_flag("--no-wait", command->no_wait, "Return at once");
  added->callback([&line, command] {
    line.chosen = [command](std::stop_token stop) {
      return on_cluster(command->flags.cluster, stop, [&](const Connection& connection) {
        return run_restore(connection, *command, stop);
      });
    };
  });
}

}  // namespace

void add_upgrade_point_commands(CLI::App& app, CommandLine& line) {
  auto* upgrade_point = app.add_subcommand(
      "upgrade-point", "Before an upgrade: take a verified restore point, and come back to it");
  upgrade_point->require_subcommand(1);
  add_take_command(*upgrade_point, line);
  add_return_command(*upgrade_point, line);
}

}  // namespace dmaas::cli
