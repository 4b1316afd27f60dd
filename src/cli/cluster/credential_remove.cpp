// dmaas credential remove
#include <memory>

#include "cli/cluster/credential.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct RemoveFlags {
  ClusterFlags cluster;
  std::string title;
};

Result<ExitCode> run_credential_remove(const Connection& connection, const RemoveFlags& flags,
                                       std::stop_token stop) {
  auto& client = *connection.client;
  auto namespace_name = storage_namespace(flags.cluster);
  auto credential = TRY(load_credential(client, namespace_name, flags.title, stop));
  auto storages = TRY(list_storages(client, namespace_name, stop));
  TRY(check_unused(credential, storages_using(credential.secret, storages)));
  TRY(client.remove(kube::resources::secrets(), credential.secret, {.uid = credential.uid}, stop));
  print_line("credential " + credential.title + " is removed");
  return ExitCode::success;
}

}  // namespace

void add_credential_remove_command(CLI::App& credential, CommandLine& line) {
  auto flags = std::make_shared<RemoveFlags>();
  auto* command =
      credential.add_subcommand("remove", "Remove a saved credential that no storage uses");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("title", flags->title, "Its title")->required()->type_name("CREDENTIAL");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_credential_remove(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
