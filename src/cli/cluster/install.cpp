// dmaas install
#include <fmt/format.h>

#include <memory>

#include "base/yaml.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/install_steps.hpp"
#include "cli/install/manifests.hpp"
#include "cli/terminal.hpp"
#include "crypto/certificate.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

constexpr std::chrono::days certificate_life{3650};
constexpr std::chrono::seconds ready_patience{180};

struct InstallFlags {
  ClusterFlags cluster;
  InstallOptions options{};
  bool dry_run = false;
};

Result<InstallCertificates> make_certificates(const std::string& namespace_name) {
  InstallCertificates made;
  auto authority = TRY(crypto::make_authority("dmaas", certificate_life, system_clock()));
  made.authority = authority.certificate;
  made.authority_key = authority.private_key;
  crypto::ServerNames controller_names{service_names("dmaas-controller", namespace_name), {}};
  auto controller = TRY(crypto::make_server_certificate(authority, controller_names,
                                                        certificate_life, system_clock()));
  made.controller = controller.certificate;
  made.controller_key = controller.private_key;
  crypto::ServerNames gateway_names{service_names("dmaas-gateway", namespace_name), {}};
  auto gateway = TRY(
      crypto::make_server_certificate(authority, gateway_names, certificate_life, system_clock()));
  made.gateway = gateway.certificate;
  made.gateway_key = gateway.private_key;
  return made;
}

bool is_certificate(const Json& manifest) {
  return kube::kind_of(manifest) == "Secret" && text_at(manifest, "type") == "kubernetes.io/tls";
}

Result<> apply_definitions(kube::Client& client, std::stop_token stop) {
  const auto resource = kube::resources::custom_resource_definitions();
  for (const auto& manifest : definitions()) {
    // What is made in a definition that is being removed goes with it.
    auto may_be_made = [&]() -> Result<bool> {
      auto present = client.get(resource, kube::key_of(manifest), stop);
      if (present.failed_with(ErrorCode::not_found)) return true;
      return !kube::is_terminating(TRY(std::move(present)));
    };
    TRY(wait_until(ready_patience, stop, may_be_made,
                   "custom resource " + kube::name_of(manifest) +
                       ", which is being removed (dmaas uninstall ends that), is not gone"));
    TRY(client.apply(resource, manifest, {}, stop));
    auto established = [&]() -> Result<bool> {
      auto now = TRY(client.get(resource, kube::key_of(manifest), stop));
      return kube::is_condition_true(now, "Established");
    };
    TRY(wait_until(ready_patience, stop, established,
                   "custom resource " + kube::name_of(manifest) + " is not served"));
  }
  return {};
}

Result<> apply_manifests(kube::Client& client, const std::vector<Json>& manifests,
                         std::stop_token stop) {
  auto discovery = TRY(client.discover(stop));
  for (const auto& manifest : manifests) {
    auto resource = TRY(resource_for(discovery, manifest));
    // Certificates of an earlier installation go on: pods and movers trust them.
    if (is_certificate(manifest)) {
      auto present = client.get(resource, kube::key_of(manifest), stop);
      if (present) continue;
    }
    TRY(client.apply(resource, manifest, {}, stop));
    print_line("applied " + kube::describe(manifest));
  }
  return {};
}

Result<> wait_for_deployments(kube::Client& client, const std::string& namespace_name,
                              std::stop_token stop) {
  for (auto name : {"dmaas-controller", "dmaas-gateway"}) {
    auto is_ready = [&]() -> Result<bool> {
      auto deployment =
          TRY(client.get(kube::resources::deployments(), {namespace_name, name}, stop));
      bool observed =
          number_at(deployment, "status", "observedGeneration") == kube::generation_of(deployment);
      return observed && number_at(deployment, "status", "updatedReplicas").value_or(0) > 0 &&
             number_at(deployment, "status", "readyReplicas").value_or(0) > 0 &&
             number_at(deployment, "status", "unavailableReplicas").value_or(0) == 0;
    };
    TRY(wait_until(ready_patience, stop, is_ready,
                   std::string("deployment ") + name + " is not ready"));
    print_line(std::string(name) + " is ready");
  }
  return {};
}

Result<ExitCode> print_manifests(const InstallFlags& flags) {
  auto certificates = TRY(make_certificates(flags.options.namespace_name));
  for (const auto& manifest : definitions()) print("---\n" + to_yaml(manifest));
  for (const auto& manifest : TRY(installation_manifests(flags.options, certificates)))
    print("---\n" + to_yaml(manifest));
  return ExitCode::success;
}

Result<ExitCode> run_install(const Connection& connection, const InstallFlags& flags,
                             std::stop_token stop) {
  auto certificates = TRY(make_certificates(flags.options.namespace_name));
  auto manifests = TRY(installation_manifests(flags.options, certificates));
  TRY(apply_definitions(*connection.client, stop));
  print_line(fmt::format("{} custom resources are served", definitions().size()));
  TRY(apply_manifests(*connection.client, manifests, stop));
  TRY(wait_for_deployments(*connection.client, flags.options.namespace_name, stop));
  print_line("dmaas is installed. Next: dmaas storage add");
  return ExitCode::success;
}

}  // namespace

void add_install_command(CLI::App& app, CommandLine& line) {
  auto install = std::make_shared<InstallFlags>();
  auto* command =
      app.add_subcommand("install", "Install into a cluster, or bring an installation up to date");
  add_cluster_flags(*command, install->cluster);
  command->add_option("--system-namespace", install->options.namespace_name, "Where to install")
      ->capture_default_str();
  command->add_option("--image", install->options.image, "Image to run")->capture_default_str();
  command->add_option("--image-pull-policy", install->options.image_pull_policy, "How it is pulled")
      ->capture_default_str();
  command
      ->add_option("--cluster-name", install->options.cluster_name,
                   "Names this cluster in repositories")
      ->capture_default_str();
  command->add_option("--local-directory", install->options.local_directories,
                      "Directory of the node that storages may use (repeatable)");
  command->add_flag("--dry-run", install->dry_run,
                    "Only print the manifests, for kubectl apply -f -");
  command->callback([&line, install] {
    line.chosen = [install](std::stop_token stop) {
      if (install->dry_run) return print_manifests(*install);
      return on_cluster(install->cluster, stop, [&](const Connection& connection) {
        return run_install(connection, *install, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
