// dmaas restore
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "api/restore_session.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/made_session.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/cluster/refill.hpp"
#include "cli/cluster/restore.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

/// Whoever restores over what is there mostly wants the data back.
void tell_what_stayed(const api::RestoreSessionStatus& status) {
  std::int32_t claims = 0;
  for (const auto& count : status.counts)
    if (count.kind == "PersistentVolumeClaim") claims += count.skipped;
  if (claims == 0) return;
  print_note(fmt::format(
      "note: {} claims exist and keep their data. Add --in-place scaleToZero to replace "
      "it, or --map-namespace OLD=NEW to restore beside it",
      claims));
}

/// What the session achieved, for a person; the exit code for a program.
Result<ExitCode> report(const api::RestoreSession& session, OutputFormat format) {
  const auto& status = session.status;
  for (const auto& problem : status.problems) {
    print_note(fmt::format("{}: {}: {}", problem.outcome, problem.object, problem.message));
  }
  for (const auto& warning : status.warnings) print_note("warning: " + warning);
  if (is_document(format)) print(format_object(session.source, format));
  if (status.stage != api::RestoreStage::succeeded) {
    return fail(
        ErrorCode::internal,
        fmt::format("the restore failed: {} ('dmaas describe restore {} -n {}' tells more)",
                    status.message, session.metadata.name, session.metadata.namespace_name));
  }
  if (!is_document(format)) {
    print_line(status.message +
               (status.time_to_recover.empty() ? "" : " in " + status.time_to_recover));
  }
  tell_what_stayed(status);
  bool is_complete =
      std::ranges::all_of(status.counts, [](const auto& count) { return count.failed == 0; });
  return is_complete ? ExitCode::success : ExitCode::incomplete;
}

}  // namespace

Result<ExitCode> run_restore(const Connection& connection, const RestoreCommand& command,
                             std::stop_token stop) {
  auto& client = *connection.client;
  auto session = TRY(restore_session(connection, command.flags, stop));
  session.spec.preflight_only = command.preflight_only;
  auto dry_run = command.dry_run ? kube::DryRun::yes : kube::DryRun::no;
  auto made = TRY(create(client, session, dry_run, stop));
  auto name = session.metadata.key().text();
  if (command.dry_run || command.no_wait) {
    print_made_session(made, command.dry_run, command.format);
    return ExitCode::success;
  }
  print_note("session " + name + " created");
  return report(TRY(follow<api::RestoreSession>(client, session.metadata.key(), stop)),
                command.format);
}

void add_restore_command(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<RestoreCommand>();
  auto times = std::make_shared<RefillFlags>();
  auto* added =
      app.add_subcommand("restore", "Restore a backup and follow it; Ctrl-C leaves it running");
  add_restore_flags(*added, command->flags);
  add_refill_flags(*added, *times);
  add_object_output_flag(*added, command->format);
  added->add_option("backup", command->flags.backup, "Name of the backup: [namespace/]name")
      ->type_name("BACKUP");
  added->add_flag("--preflight", command->preflight_only, "Only check what would happen");
  added->add_flag("--no-wait", command->no_wait, "Return at once");
  added->add_flag("--dry-run", command->dry_run, "Only ask the cluster whether it would start");
  added->callback([&line, command, times] {
    line.chosen = [command, times](std::stop_token stop) {
      return on_cluster(command->flags.cluster, stop, [&](const Connection& connection) {
        if (times->is_repeated()) return run_refill(connection, *command, *times, stop);
        return run_restore(connection, *command, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
