// dmaas status
#include <memory>

#include "cli/cluster/commands.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/status/overview.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct StatusFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
};

Result<ExitCode> run_status(const Connection& connection, const StatusFlags& flags,
                            std::stop_token stop) {
  const auto& where = flags.cluster.namespace_name;  // all of them unless one is named
  auto& client = *connection.client;
  ClusterState state;
  state.storages = TRY(list_decoded<api::BackupStorage>(client, where, stop));
  state.repositories = TRY(list_decoded<api::Repository>(client, where, stop));
  state.plans = TRY(list_decoded<api::BackupConfiguration>(client, where, stop));
  state.backups = TRY(list_decoded<api::BackupSession>(client, where, stop));
  state.restores = TRY(list_decoded<api::RestoreSession>(client, where, stop));
  state.verifiers = TRY(list_decoded<api::BackupVerifier>(client, where, stop));
  state.refills = TRY(list_decoded<api::RestoreConfiguration>(client, where, stop));
  auto now = system_clock().now();
  auto overview = overview_of(state, now);
  if (is_document(flags.format)) {
    print(format_document(to_json(overview), flags.format));
  } else {
    print(overview_text(overview, now));
  }
  return overview.attention.empty() ? ExitCode::success : ExitCode::incomplete;
}

}  // namespace

void add_status_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<StatusFlags>();
  auto* command = app.add_subcommand(
      "status", "One screen: what is protected, and what needs attention (exit code 3)");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_status(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
