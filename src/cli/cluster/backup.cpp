// dmaas backup
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "api/backup_session.hpp"
#include "cli/cluster/backup.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/made_session.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

/// The plan and, where one is named, its run exist: a session that waits for a misspelled plan
/// helps nobody.
Result<> check_plan(const Connection& connection, const BackupFlags& flags, std::stop_token stop) {
  auto found = TRY(find_or_list(*connection.client, api::kind_info<api::BackupConfiguration>(),
                                {connection.namespace_name, flags.plan}, stop));
  if (flags.run.empty()) return {};
  std::vector<std::string> runs;
  for (const auto& run : items_at(found, "spec", "runs")) runs.push_back(text_at(run, "name"));
  if (std::ranges::count(runs, flags.run) > 0) return {};
  return fail(ErrorCode::not_found, fmt::format("plan {} has no run {}; its runs are: {}",
                                                flags.plan, flags.run, fmt::join(runs, ", ")));
}

api::BackupSession session_for(const BackupFlags& flags, const std::string& namespace_name) {
  api::BackupSession session;
  session.metadata.namespace_name = namespace_name;
  session.metadata.name = new_session_name(flags.plan.substr(0, 40));
  session.spec.plan.name = flags.plan;
  session.spec.run = flags.run;
  if (!flags.type.empty())
    session.spec.type = flags.type == "full" ? api::RunType::full : api::RunType::incremental;
  return session;
}

/// What the session achieved, for a person; the exit code for a program.
Result<ExitCode> report(const api::BackupSession& session, OutputFormat format) {
  const auto& status = session.status;
  for (const auto& warning : status.warnings) print_note("warning: " + warning);
  if (is_document(format)) print(format_object(session.source, format));
  if (status.phase != api::BackupPhase::succeeded)
    return fail(ErrorCode::internal, "the backup failed: " + status.message);
  std::uint64_t bytes = 0;
  std::uint64_t added = 0;
  std::int64_t unreadable = 0;
  bool is_everywhere = true;
  for (const auto& component : status.components) {
    bytes += static_cast<std::uint64_t>(component.bytes_total);
    added += static_cast<std::uint64_t>(component.bytes_added);
    unreadable += component.files_unreadable;
  }
  for (const auto& result : status.storages) {
    is_everywhere = is_everywhere && !result.dropped;
    if (result.dropped) {
      print_note(fmt::format("not on {}: {}", result.storage, result.message));
    } else if (!is_document(format)) {
      print_line("backup " + result.snapshot + " on " + result.storage);
    }
  }
  if (!is_document(format)) {
    print_line(fmt::format("{} objects and {} in {}; {} are new on the storage",
                           status.object_count, format_size(bytes), status.duration,
                           format_size(added)));
  }
  if (unreadable > 0)
    print_note(fmt::format("{} files could not be read and are not in the backup", unreadable));
  return unreadable == 0 && is_everywhere ? ExitCode::success : ExitCode::incomplete;
}

Result<ExitCode> run_backup(const Connection& connection, const BackupFlags& flags,
                            std::stop_token stop) {
  if (!flags.dry_run && !flags.no_wait)
    return report(TRY(take_backup(connection, flags, stop)), flags.format);
  TRY(check_plan(connection, flags, stop));
  auto session = session_for(flags, connection.namespace_name);
  auto dry_run = flags.dry_run ? kube::DryRun::yes : kube::DryRun::no;
  auto made = TRY(create(*connection.client, session, dry_run, stop));
  print_made_session(made, flags.dry_run, flags.format);
  return ExitCode::success;
}

}  // namespace

Result<api::BackupSession> take_backup(const Connection& connection, const BackupFlags& flags,
                                       std::stop_token stop) {
  TRY(check_plan(connection, flags, stop));
  auto session = session_for(flags, connection.namespace_name);
  TRY(create(*connection.client, session, kube::DryRun::no, stop));
  print_note("session " + session.metadata.key().text() + " created");
  return follow<api::BackupSession>(*connection.client, session.metadata.key(), stop);
}

void add_backup_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<BackupFlags>();
  auto* command =
      app.add_subcommand("backup", "Take a backup now and follow it; Ctrl-C leaves it running");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command->add_option("plan", flags->plan, "The plan")->required()->type_name("PLAN");
  command->add_option("--run", flags->run, "Run of the plan (default: the first)")
      ->type_name("RUN");
  command->add_option("--type", flags->type, "How data is read (default: as the run says)")
      ->check(CLI::IsMember({"full", "incremental"}))
      ->type_name("TYPE");
  command->add_flag("--no-wait", flags->no_wait, "Return at once");
  command->add_flag("--dry-run", flags->dry_run, "Only ask the cluster whether it would start");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_backup(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
