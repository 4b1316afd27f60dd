// dmaas preflight
#include <fmt/format.h>

#include <memory>

#include "api/backup_configuration.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/cluster/restore_flags.hpp"
#include "cli/describe/describe.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

/// How long the controller may take to look at a plan that was changed just now.
constexpr std::chrono::minutes look_patience{1};

struct PreflightFlags {
  RestoreFlags restore;
  OutputFormat format = OutputFormat::table;
  std::string plan;
};

/// The plan once the controller has looked at its present spec.
Result<Json> looked_at_plan(kube::Client& client, const kube::ObjectKey& key,
                            std::stop_token stop) {
  const auto& kind = api::kind_info<api::BackupConfiguration>();
  auto plan = TRY(find_or_list(client, kind, key, stop));
  auto deadline = system_clock().monotonic() + look_patience;
  while (number_at(plan, "status", "observedGeneration").value_or(0) < kube::generation_of(plan)) {
    if (system_clock().monotonic() > deadline) {
      return fail(ErrorCode::timeout, "the controller has not looked at plan " + key.text() +
                                          ": is it running? 'kubectl -n dmaas-system get pods'");
    }
    if (!system_clock().sleep(poll_period, stop)) return fail(ErrorCode::cancelled, "stopped");
    plan = TRY(client.get(kind.resource(), key, stop));
  }
  return plan;
}

Result<ExitCode> check_plan(const Connection& connection, const PreflightFlags& flags,
                            std::stop_token stop) {
  kube::ObjectKey key{connection.namespace_name, flags.plan};
  auto document = TRY(looked_at_plan(*connection.client, key, stop));
  auto plan = TRY(api::decode<api::BackupConfiguration>(document));
  auto obstacles = obstacles_of(plan);
  if (is_document(flags.format)) {
    print(format_object(document, flags.format));
  } else {
    Story story(system_clock().now());
    story.fact("Plan", key.text());
    if (plan.status.resolved) tell_resolved(story, *plan.status.resolved);
    story.list("What would stop it",
               obstacles.empty() ? std::vector<std::string>{"nothing that is known"} : obstacles);
    print(story.text());
  }
  return obstacles.empty() ? ExitCode::success : ExitCode::failure;
}

Result<ExitCode> check_restore(const Connection& connection, const PreflightFlags& flags,
                               std::stop_token stop) {
  auto& client = *connection.client;
  auto session = TRY(restore_session(connection, flags.restore, stop));
  session.spec.preflight_only = true;
  TRY(create(client, session, kube::DryRun::no, stop));
  auto done = TRY(follow<api::RestoreSession>(client, session.metadata.key(), stop));
  if (is_document(flags.format)) {
    print(format_object(done.source, flags.format));
  } else {
    Story story(system_clock().now());
    story.fact("Session", session.metadata.key().text());
    story.fact("Backup of", done.status.backup_time);
    story.fact("Result", done.status.message);
    if (done.status.preflight) tell_preflight(story, *done.status.preflight);
    story.list("Warnings", done.status.warnings);
    print(story.text());
  }
  bool succeeded = done.status.stage == api::RestoreStage::succeeded;
  return succeeded ? ExitCode::success : ExitCode::failure;
}

Result<ExitCode> run_preflight(const Connection& connection, const PreflightFlags& flags,
                               std::stop_token stop) {
  bool is_restore = flags.restore.names_source();
  if (flags.plan.empty() == !is_restore) {
    return fail(ErrorCode::invalid_input,
                "give either a plan, or what to restore: --backup, --repository, or --storage");
  }
  return is_restore ? check_restore(connection, flags, stop) : check_plan(connection, flags, stop);
}

}  // namespace

void add_preflight_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<PreflightFlags>();
  auto* command =
      app.add_subcommand("preflight", "Check a plan or a restore without changing anything");
  add_restore_flags(*command, flags->restore);
  add_object_output_flag(*command, flags->format);
  command->add_option("plan", flags->plan, "The plan")->type_name("PLAN");
  command->add_option("--backup", flags->restore.backup, "Name of a backup: [namespace/]name")
      ->type_name("BACKUP");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->restore.cluster, stop, [&](const Connection& connection) {
        return run_preflight(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
