// dmaas backup
#include <fmt/format.h>

#include <memory>

#include "api/backup_session.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct BackupFlags {
  ClusterFlags cluster;
  std::string plan;
  std::string run;
  std::string type;
  bool no_wait = false;
};

Result<ExitCode> run_backup(const BackupFlags& flags, std::stop_token stop) {
  auto connection = TRY(connect(flags.cluster));
  api::BackupSession session;
  session.metadata.namespace_name = connection.namespace_name;
  session.metadata.name = new_session_name(flags.plan.substr(0, 40));
  session.spec.plan.name = flags.plan;
  session.spec.run = flags.run;
  if (!flags.type.empty())
    session.spec.type = flags.type == "full" ? api::RunType::full : api::RunType::incremental;
  TRY(create(*connection.client, session, stop));
  print_line("session " + session.metadata.key().text() + " created");
  if (flags.no_wait) return ExitCode::success;
  auto line = [](const api::BackupSession& now) {
    auto phase = names_of(api::BackupPhase{})[static_cast<std::size_t>(now.status.phase)];
    return fmt::format("{}  {}  {}", phase, now.status.progress, now.status.message);
  };
  auto over = [](const api::BackupSession& now) { return is_final(now.status.phase); };
  auto done =
      TRY(follow<api::BackupSession>(*connection.client, session.metadata.key(), line, over, stop));
  for (const auto& warning : done.status.warnings) print_note("warning: " + warning);
  if (done.status.phase != api::BackupPhase::succeeded)
    return fail(ErrorCode::internal, done.status.message);
  for (const auto& result : done.status.storages)
    print_line("backup " + result.snapshot + " on " + result.storage);
  return ExitCode::success;
}

}  // namespace

void add_backup_command(CLI::App& app, CommandLine& line) {
  auto backup = std::make_shared<BackupFlags>();
  auto* command = app.add_subcommand("backup", "Take a backup now");
  add_cluster_flags(*command, backup->cluster);
  command->add_option("plan", backup->plan, "The plan")->required();
  command->add_option("--run", backup->run, "Run of the plan (default: the first)");
  command->add_option("--type", backup->type, "full or incremental")
      ->check(CLI::IsMember({"full", "incremental"}));
  command->add_flag("--no-wait", backup->no_wait, "Return at once");
  command->callback([&line, backup] {
    line.chosen = [backup](std::stop_token stop) { return run_backup(*backup, stop); };
  });
}

}  // namespace dmaas::cli
