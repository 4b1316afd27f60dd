// dmaas repository maintain
#include <fmt/format.h>

#include <memory>

#include "api/labels.hpp"
#include "api/repository.hpp"
#include "base/encoding.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"
#include "crypto/random.hpp"

namespace dmaas::cli {
namespace {

struct MaintainFlags {
  ClusterFlags cluster;
  std::string repository;
  bool no_wait = false;
};

/// Until the request is answered; tells what is in its way meanwhile.
Result<api::Repository> follow_maintenance(kube::Client& client, const kube::ObjectKey& key,
                                           const std::string& request, std::stop_token stop) {
  std::string told;
  while (system_clock().sleep(poll_period, stop)) {
    auto document = client.get(api::kind_info<api::Repository>().resource(), key, stop);
    if (!document && is_retryable(document.code())) continue;
    if (!document) return fail(std::move(document).error());
    auto repository = TRY(api::decode<api::Repository>(*document));
    const auto& status = repository.status.maintenance;
    bool is_over = status.last_request == request && status.phase == api::MaintenancePhase::idle;
    if (is_over) return repository;
    auto news = fmt::format("{} {}", name_of(status.phase), status.message);
    if (news != told) print_note(news);
    told = std::move(news);
  }
  return fail(ErrorCode::cancelled, "repository " + key.text() + " is maintained in the cluster");
}

Result<ExitCode> run_maintain(const Connection& connection, const MaintainFlags& flags,
                              std::stop_token stop) {
  const auto& kind = api::kind_info<api::Repository>();
  kube::ObjectKey key{connection.namespace_name, flags.repository};
  auto repository = TRY(load_or_list<api::Repository>(*connection.client, key, stop));
  if (!repository.status.owned_by_this_cluster) {
    return fail(ErrorCode::permission_denied,
                "repository " + key.text() +
                    " is not maintained here: it belongs to another cluster or holds no backup");
  }
  auto request = hex_encode(crypto::random_bytes(8));
  Json patch = JsonObject{{"metadata", {{"annotations", {{api::annotation::maintain, request}}}}}};
  TRY(connection.client->patch(kind.resource(), key, {kube::PatchKind::merge, patch}, {}, stop));
  if (flags.no_wait) {
    print_line("repository " + key.text() + " is going to be maintained");
    return ExitCode::success;
  }
  auto maintained = TRY(follow_maintenance(*connection.client, key, request, stop));
  const auto& status = maintained.status;
  if (status.maintenance.outcome != api::MaintenanceOutcome::succeeded)
    return fail(ErrorCode::internal, status.maintenance.message);
  print_line("repository " + key.text() + ": " + status.maintenance.message);
  if (status.last_check == api::CheckOutcome::failed)
    return fail(ErrorCode::corrupt, "repository " + key.text() + ": " + status.last_check_message);
  return ExitCode::success;
}

}  // namespace

void add_repository_commands(CLI::App& app, CommandLine& line) {
  auto* group = app.add_subcommand("repository", "Look after repositories");
  group->require_subcommand(1);
  auto flags = std::make_shared<MaintainFlags>();
  auto* command = group->add_subcommand(
      "maintain", "Erase expired backups, give back their space, and check the repository now");
  add_cluster_flags(*command, flags->cluster);
  command->add_flag("--no-wait", flags->no_wait, "Do not wait until it is done");
  command->add_option("repository", flags->repository, "The repository")
      ->required()
      ->type_name("REPOSITORY");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_maintain(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
