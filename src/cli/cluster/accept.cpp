// dmaas accept
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "api/backup_configuration.hpp"
#include "api/labels.hpp"
#include "api/snapshot.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct AcceptFlags {
  ClusterFlags cluster;
  std::string plan;
};

/// The plan's backups that look unusual, the newest last.
Result<std::vector<api::Snapshot>> unusual_backups(kube::Client& client,
                                                   const kube::ObjectKey& plan,
                                                   std::stop_token stop) {
  auto backups = TRY(list_decoded<api::Snapshot>(client, plan.namespace_name, std::move(stop)));
  std::erase_if(backups, [&](const api::Snapshot& backup) {
    return backup.status.plan != plan.text() ||
           !api::is_true(backup.status.conditions, api::condition::data_looks_unusual);
  });
  std::ranges::sort(backups, {}, [](const api::Snapshot& backup) { return backup.spec.time; });
  return backups;
}

Result<ExitCode> run_accept(const Connection& connection, const AcceptFlags& flags,
                            std::stop_token stop) {
  auto& client = *connection.client;
  kube::ObjectKey key{connection.namespace_name, flags.plan};
  const auto& kind = api::kind_info<api::BackupConfiguration>();
  TRY(find_or_list(client, kind, key, stop));
  auto backups = TRY(unusual_backups(client, key, stop));
  if (backups.empty()) {
    print_line("no backup of plan " + key.text() + " looks unusual");
    return ExitCode::success;
  }
  // What a later backup shows is a matter of its own.
  const auto& newest = backups.back();
  auto until = format_seconds(newest.spec.time);
  Json patch = JsonObject{{"metadata", {{"annotations", {{api::annotation::accept_data, until}}}}}};
  TRY(client.patch(kind.resource(), key, {kube::PatchKind::merge, patch}, {}, stop));
  for (const auto& backup : backups) {
    const auto* why =
        api::find_condition(backup.status.conditions, api::condition::data_looks_unusual);
    print_note(fmt::format("backup {}: {}", backup.metadata.name, why->message));
  }
  print_line(fmt::format(
      "plan {}: accepted; its backups expire again, and later ones are compared with backup {}",
      key.text(), newest.metadata.name));
  return ExitCode::success;
}

}  // namespace

void add_accept_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<AcceptFlags>();
  auto* command = app.add_subcommand(
      "accept", "Say that data which look unusual are as they should be: backups expire again");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("plan", flags->plan, "The plan")->required()->type_name("PLAN");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_accept(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
