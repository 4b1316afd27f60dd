// dmaas pause, resume
#include <memory>

#include "api/backup_configuration.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

enum class Pause { begin, end };

struct PauseFlags {
  ClusterFlags cluster;
  std::string plan;
};

Result<ExitCode> run_pause(const Connection& connection, const std::string& name, Pause pause,
                           std::stop_token stop) {
  const auto& kind = api::kind_info<api::BackupConfiguration>();
  kube::ObjectKey key{connection.namespace_name, name};
  auto plan = TRY(find_or_list(*connection.client, kind, key, stop));
  bool is_paused = flag_at(plan, "spec", "paused");
  bool wanted = pause == Pause::begin;
  if (is_paused == wanted) {
    print_line("plan " + key.text() + (wanted ? " is paused already" : " is not paused"));
    return ExitCode::success;
  }
  Json patch = JsonObject{{"spec", {{"paused", wanted}}}};
  TRY(connection.client->patch(kind.resource(), key, {kube::PatchKind::merge, patch}, {}, stop));
  print_line("plan " + key.text() +
             (wanted ? " is paused: no session starts until 'dmaas resume'; those that run go on"
                     : " goes on by its schedule"));
  return ExitCode::success;
}

void add_pause(CLI::App& app, CommandLine& line, Pause pause) {
  auto flags = std::make_shared<PauseFlags>();
  auto* command = pause == Pause::begin
                      ? app.add_subcommand("pause", "Start no more sessions of a plan")
                      : app.add_subcommand("resume", "Let a paused plan go on");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("plan", flags->plan, "The plan")->required()->type_name("PLAN");
  command->callback([&line, flags, pause] {
    line.chosen = [flags, pause](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_pause(connection, flags->plan, pause, stop);
      });
    };
  });
}

}  // namespace

void add_pause_commands(CLI::App& app, CommandLine& line) {
  add_pause(app, line, Pause::begin);
  add_pause(app, line, Pause::end);
}

}  // namespace dmaas::cli
