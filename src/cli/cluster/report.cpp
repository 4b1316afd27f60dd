// dmaas report
#include <memory>

#include "base/time_text.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/report/audit.hpp"
#include "cli/terminal.hpp"
#include "kube/client/client.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

struct ReportFlags {
  ClusterFlags cluster;
  std::string since = "30d";
  OutputFormat format = OutputFormat::table;
};

Result<AuditedState> read_state(kube::Client& client, const std::string& where,
                                std::stop_token stop) {
  AuditedState state;
  state.plans = TRY(list_decoded<api::BackupConfiguration>(client, where, stop));
  state.repositories = TRY(list_decoded<api::Repository>(client, where, stop));
  state.snapshots = TRY(list_decoded<api::Snapshot>(client, where, stop));
  state.backups = TRY(list_decoded<api::BackupSession>(client, where, stop));
  state.restores = TRY(list_decoded<api::RestoreSession>(client, where, stop));
  state.verifications = TRY(list_decoded<api::VerificationSession>(client, where, stop));
  auto claims = TRY(kube::list_all(client, kube::resources::persistent_volume_claims(),
                                   {.namespace_name = where}, std::move(stop)));
  for (const auto& claim : claims) state.claims.push_back(kube::key_of(claim));
  return state;
}

Result<ExitCode> run_report(const Connection& connection, const ReportFlags& flags,
                            std::stop_token stop) {
  const auto span = TRY(parse_duration(flags.since).context("--since"));
  // All namespaces unless one is named.
  auto state = TRY(read_state(*connection.client, flags.cluster.namespace_name, std::move(stop)));
  const auto now = system_clock().now();
  const auto report = audit(state, {now - span, now});
  if (is_document(flags.format)) {
    print(format_document(to_json(report), flags.format));
  } else {
    print(audit_text(report));
  }
  return ExitCode::success;
}

}  // namespace

void add_report_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<ReportFlags>();
  auto* command = app.add_subcommand(
      "report",
      "For an auditor: backups, gaps, trial restores, restores and what nothing protects, as "
      "Markdown");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command->add_option("--since", flags->since, "How far back, such as 30d")
      ->type_name("DURATION")
      ->capture_default_str();
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_report(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
