// dmaas cancel
#include <fmt/format.h>

#include <memory>

#include "cli/cluster/commands.hpp"
#include "cli/cluster/find_session.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

/// Movers get this long to end, their volumes to be let go.
constexpr std::chrono::minutes cancel_patience{3};

struct CancelFlags {
  ClusterFlags cluster;
  std::string session;
};

Result<ExitCode> run_cancel(const Connection& connection, const std::string& name,
                            std::stop_token stop) {
  auto session = TRY(find_session(connection, name, stop));
  auto key = kube::key_of(session.object);
  if (auto phase = final_phase_of(session); !phase.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("session {} is over ({}): nothing to cancel", key.text(), phase));
  }
  auto resource = session.kind->resource();
  // The controller's finalizer stops movers and removes what they used before the object goes.
  TRY(connection.client->remove(resource, key, {.uid = kube::uid_of(session.object)}, stop));
  auto gone = wait_until_gone(*connection.client, resource, session.object, cancel_patience, stop);
  if (!gone) {
    return fail(
        std::move(gone).error().context("session " + key.text() +
                                        " is cancelled, but not cleaned up yet: is the controller "
                                        "running? 'kubectl -n dmaas-system get pods'"));
  }
  print_line("session " + key.text() + " is cancelled and cleaned up");
  return ExitCode::success;
}

}  // namespace

void add_cancel_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<CancelFlags>();
  auto* command = app.add_subcommand("cancel", "Stop a running session and remove what it made");
  add_cluster_flags(*command, flags->cluster);
  command
      ->add_option("session", flags->session,
                   "The session of a backup, restore, verification or copy")
      ->required()
      ->type_name("SESSION");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_cancel(connection, flags->session, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
