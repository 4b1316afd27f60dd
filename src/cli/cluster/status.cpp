// dmaas status
#include <memory>

#include "cli/cluster/commands.hpp"
#include "cli/cluster/output.hpp"
#include "cli/status/overview.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct StatusFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
};

template <class Kind>
Result<std::vector<Kind>> load_all(const Connection& connection, const std::string& namespace_name,
                                   std::stop_token stop) {
  std::vector<Kind> objects;
  kube::ListOptions where{.namespace_name = namespace_name};
  const auto resource = api::kind_info<Kind>().resource();
  for (const auto& object :
       TRY(kube::list_all(*connection.client, resource, where, std::move(stop)))) {
    if (auto decoded = api::decode<Kind>(object)) objects.push_back(std::move(*decoded));
  }
  return objects;
}

Result<ExitCode> run_status(const Connection& connection, const StatusFlags& flags,
                            std::stop_token stop) {
  const auto& where = flags.cluster.namespace_name;  // all of them unless one is named
  ClusterState state;
  state.storages = TRY(load_all<api::BackupStorage>(connection, where, stop));
  state.repositories = TRY(load_all<api::Repository>(connection, where, stop));
  state.plans = TRY(load_all<api::BackupConfiguration>(connection, where, stop));
  state.backups = TRY(load_all<api::BackupSession>(connection, where, stop));
  state.restores = TRY(load_all<api::RestoreSession>(connection, where, stop));
  state.verifiers = TRY(load_all<api::BackupVerifier>(connection, where, stop));
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
