// dmaas restore --schedule, delete refill
#include "cli/cluster/refill.hpp"

#include <fmt/format.h>

#include <memory>

#include "api/labels.hpp"
#include "api/restore_configuration.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

/// What it is called that has got no name: after the repository, of which there mostly is one.
std::string name_after(const api::RestoreSource& source) {
  if (source.repository) return "refill-" + source.repository->name;
  const auto& path = source.stored->path;
  return "refill-" + path.substr(path.rfind('/') + 1);
}

Result<api::RestoreConfiguration> refill_for(const Connection& connection,
                                             const RestoreCommand& command,
                                             const RefillFlags& flags, std::stop_token stop) {
  if (command.preflight_only) {
    return fail(ErrorCode::invalid_input,
                "--preflight restores nothing and is not repeated: leave it or --schedule away");
  }
  if (!command.flags.latest_of.empty() || !command.flags.oldest_of.empty()) {
    return fail(ErrorCode::invalid_input,
                "--latest-of and --oldest-of name one day, which does not change: without them "
                "each restore takes the newest backup");
  }
  auto session = TRY(restore_session(connection, command.flags, std::move(stop)));
  api::RestoreConfiguration refill;
  refill.metadata.namespace_name = session.metadata.namespace_name;
  auto& spec = refill.spec;
  spec.session_template = session.spec;
  refill.metadata.name = flags.name.empty() ? name_after(spec.session_template.source) : flags.name;
  spec.schedule = flags.schedule;
  // There is no day whose zone it could be.
  spec.time_zone = std::exchange(spec.session_template.source.time_zone, {});
  if (!flags.interval.empty())
    spec.interval = TRY(parse_duration(flags.interval).context("--interval"));
  if (flags.even_if_unchanged) spec.unchanged = api::UnchangedBackup::restore;
  return refill;
}

struct DeleteFlags {
  ClusterFlags cluster;
  std::string name;
};

Result<ExitCode> run_delete(const Connection& connection, const DeleteFlags& flags,
                            std::stop_token stop) {
  const auto& kind = api::kind_info<api::RestoreConfiguration>();
  auto key = TRY(find_reference(
      *connection.client, kind, flags.name,
      {connection.namespace_name, std::string(api::default_system_namespace)}, stop));
  TRY(connection.client->remove(kind.resource(), key, {}, std::move(stop)));
  print_line(fmt::format(
      "refill {} is deleted, and a session of it that runs is stopped; what was restored stays",
      key.text()));
  return ExitCode::success;
}

}  // namespace

void add_refill_flags(CLI::App& command, RefillFlags& flags) {
  auto* schedule =
      command
          .add_option("--schedule", flags.schedule,
                      "Cron expression, such as '0 3 * * *': make a refill, which restores the "
                      "newest backup each time; --time-zone is then that of the schedule")
          ->type_name("CRON");
  command
      .add_option("--interval", flags.interval,
                  "Instead of a schedule: from one restore to the next, such as 1h; the first one "
                  "starts at once")
      ->excludes(schedule)
      ->type_name("DURATION");
  command
      .add_option("--name", flags.name,
                  "With --schedule or --interval: name of the refill (default: after the "
                  "repository)")
      ->type_name("NAME");
  command.add_flag("--even-if-unchanged", flags.even_if_unchanged,
                   "With --schedule or --interval: restore the backup again that was restored "
                   "last, and undo what the application has written since");
}

Result<ExitCode> run_refill(const Connection& connection, const RestoreCommand& command,
                            const RefillFlags& flags, std::stop_token stop) {
  auto refill = TRY(refill_for(connection, command, flags, stop));
  auto dry_run = command.dry_run ? kube::DryRun::yes : kube::DryRun::no;
  auto made = TRY(create(*connection.client, refill, dry_run, std::move(stop)));
  if (is_document(command.format)) {
    print(format_object(made, command.format));
  } else {
    print_line(fmt::format("refill {} {}", refill.metadata.key().text(),
                           command.dry_run ? "would be created" : "created"));
  }
  return ExitCode::success;
}

void add_delete_refill_command(CLI::App& group, CommandLine& line) {
  auto flags = std::make_shared<DeleteFlags>();
  auto* command = group.add_subcommand(
      "refill", "Restore by schedule no longer; what was restored stays as it is");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("refill", flags->name, "The refill: [namespace/]name")
      ->required()
      ->type_name("REFILL");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_delete(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
