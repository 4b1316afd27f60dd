// dmaas version
#include <fmt/format.h>

#include <memory>

#include "api/labels.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

struct VersionFlags {
  ClusterFlags cluster;
  bool client_only = false;
};

std::string describe_role(kube::Client& client, const std::string& name, std::stop_token stop) {
  kube::ObjectKey key{std::string(api::default_system_namespace), name};
  auto deployment = client.get(kube::resources::deployments(), key, std::move(stop));
  if (deployment.failed_with(ErrorCode::not_found)) return "not installed: 'dmaas install'";
  if (!deployment) return deployment.error().message();
  std::string image;
  for (const auto& container : items_at(*deployment, "spec", "template", "spec", "containers"))
    image = text_at(container, "image");
  auto ready = number_at(*deployment, "status", "readyReplicas").value_or(0);
  auto wanted = number_at(*deployment, "spec", "replicas").value_or(1);
  return fmt::format("{}, {} of {} ready", image, ready, wanted);
}

/// The cluster's side is told as far as it answers: the program's own version is always wanted.
Result<ExitCode> run_version(const VersionFlags& flags, std::stop_token stop) {
  print_line(fmt::format("client      {}", program_version()));
  if (flags.client_only) return ExitCode::success;
  auto connection = connect(flags.cluster);
  if (!connection) {
    print_line("cluster     none: " + connection.error().message());
    return ExitCode::success;
  }
  auto& client = *connection->client;
  auto version = client.server_version(stop);
  print_line(fmt::format("cluster     {}", connection->cluster));
  if (!version) {
    print_line("kubernetes  " + version.error().message());
    return ExitCode::success;
  }
  print_line("kubernetes  " + version->text);
  print_line("controller  " + describe_role(client, "dmaas-controller", stop));
  print_line("gateway     " + describe_role(client, "dmaas-gateway", stop));
  return ExitCode::success;
}

}  // namespace

void add_version_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<VersionFlags>();
  auto* command = app.add_subcommand("version", "Print the versions of client and cluster");
  add_cluster_flags(*command, flags->cluster);
  command->add_flag("--client", flags->client_only, "Do not ask the cluster");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) { return run_version(*flags, stop); };
  });
}

}  // namespace dmaas::cli
