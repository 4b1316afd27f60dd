// dmaas pause, resume
#include <fmt/format.h>

#include <memory>

#include "api/backup_configuration.hpp"
#include "api/labels.hpp"
#include "api/restore_configuration.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/kind_names.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

enum class Pause { begin, end };

struct PauseFlags {
  ClusterFlags cluster;
  std::string name;
};

/// What starts sessions by itself.
struct Pausable {
  const api::KindInfo* kind;
  kube::ObjectKey key;

  std::string text() const { return singular_word(*kind) + " " + key.text(); }
};

Result<Pausable> find_pausable(const Connection& connection, const std::string& text,
                               std::stop_token stop) {
  const auto* plan = &api::kind_info<api::BackupConfiguration>();
  const auto* refill = &api::kind_info<api::RestoreConfiguration>();
  const auto& own = connection.namespace_name;
  auto named = text.find('/') == std::string::npos ? ObjectName{plan, text}
                                                   : TRY(parse_object_name(text, ""));
  if (named.kind == plan) return Pausable{plan, {own, named.name}};
  if (named.kind != refill) {
    return fail(ErrorCode::invalid_input,
                fmt::format("'{}' starts nothing by itself: give a plan, or refill/NAME", text));
  }
  // Most restore into other namespaces, which those of the system namespace may.
  return Pausable{refill, TRY(find_reference(*connection.client, *refill, named.name,
                                             {own, std::string(api::default_system_namespace)},
                                             std::move(stop)))};
}

Result<ExitCode> run_pause(const Connection& connection, const std::string& name, Pause pause,
                           std::stop_token stop) {
  auto found = TRY(find_pausable(connection, name, stop));
  auto object = TRY(find_or_list(*connection.client, *found.kind, found.key, stop));
  bool is_paused = flag_at(object, "spec", "paused");
  bool wanted = pause == Pause::begin;
  if (is_paused == wanted) {
    print_line(found.text() + (wanted ? " is paused already" : " is not paused"));
    return ExitCode::success;
  }
  Json patch = JsonObject{{"spec", {{"paused", wanted}}}};
  TRY(connection.client->patch(found.kind->resource(), found.key, {kube::PatchKind::merge, patch},
                               {}, stop));
  print_line(found.text() +
             (wanted ? " is paused: no session starts until 'dmaas resume'; those that run go on"
                     : " goes on by its schedule"));
  return ExitCode::success;
}

void add_pause(CLI::App& app, CommandLine& line, Pause pause) {
  auto flags = std::make_shared<PauseFlags>();
  auto* command = pause == Pause::begin
                      ? app.add_subcommand("pause", "Start no more sessions of a plan or refill")
                      : app.add_subcommand("resume", "Let a paused plan or refill go on");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("plan", flags->name, "The plan, or refill/NAME")
      ->required()
      ->type_name("PLAN");
  command->callback([&line, flags, pause] {
    line.chosen = [flags, pause](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_pause(connection, flags->name, pause, stop);
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
