// dmaas install
#include <fmt/format.h>

#include <functional>
#include <memory>

#include "applications/readiness.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/install_steps.hpp"
#include "cli/install/manifests.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

constexpr std::chrono::seconds ready_patience{180};

struct InstallFlags {
  ClusterFlags cluster;
  InstallOptions options{};
  bool dry_run = false;
};

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
    TRY(client.apply(resource, manifest, {}, stop));
    print_line("applied " + kube::describe(manifest));
  }
  return {};
}

/// Why a pod of the installation does not start; "" when none has a reason.
std::string trouble_of_pods(kube::Client& client, const std::string& namespace_name,
                            std::stop_token stop) {
  kube::ListOptions options{.namespace_name = namespace_name,
                            .label_selector = "app.kubernetes.io/name=dmaas"};
  auto pods = kube::list_all(client, kube::resources::pods(), options, std::move(stop));
  for (const auto& pod : pods.value_or(std::vector<Json>())) {
    auto trouble = applications::container_trouble(pod);
    if (!trouble.empty()) return fmt::format("pod {}: {}", kube::name_of(pod), trouble);
  }
  return "";
}

/// Waits, and says meanwhile what is in the way: it may pass, as with an image that is on its way.
Result<> wait_for_pods(kube::Client& client, const std::string& namespace_name,
                       std::stop_token stop, const std::function<Result<bool>()>& done,
                       const std::string& what) {
  std::string told;
  auto done_or_told = [&]() -> Result<bool> {
    if (TRY(done())) return true;
    auto trouble = trouble_of_pods(client, namespace_name, stop);
    if (!trouble.empty() && trouble != told) print_line("waiting: " + trouble);
    told = std::move(trouble);
    return false;
  };
  auto waited = wait_until(ready_patience, stop, done_or_told, what);
  return told.empty() ? waited : std::move(waited).context(told);
}

Result<> wait_for_job(kube::Client& client, const kube::ObjectKey& key, std::stop_token stop) {
  auto explanation =
      fmt::format("kubectl logs -n {} job/{} says why", key.namespace_name, key.name);
  std::string failure;
  auto has_ended = [&]() -> Result<bool> {
    auto job = TRY(client.get(kube::resources::jobs(), key, stop));
    if (auto failed = kube::find_condition(job, "Failed")) failure = failed->message;
    return !failure.empty() || kube::is_condition_true(job, "Complete");
  };
  TRY(wait_for_pods(client, key.namespace_name, stop, has_ended,
                    fmt::format("job {} has not ended", key.name)));
  if (failure.empty()) return {};
  return fail(ErrorCode::unavailable,
              fmt::format("job {} failed: {} ({})", key.name, failure, explanation));
}

Result<> wait_for_certificates(kube::Client& client, const std::vector<Json>& manifests,
                               std::stop_token stop) {
  for (const auto& manifest : manifests) {
    if (kube::kind_of(manifest) == "Job") TRY(wait_for_job(client, kube::key_of(manifest), stop));
  }
  print_line("certificates are there");
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
    TRY(wait_for_pods(client, namespace_name, stop, is_ready,
                      std::string("deployment ") + name + " is not ready"));
    print_line(std::string(name) + " is ready");
  }
  return {};
}

Result<ExitCode> print_manifests(const InstallFlags& flags) {
  print(TRY(installation_text(flags.options)));
  return ExitCode::success;
}

Result<ExitCode> run_install(const Connection& connection, const InstallFlags& flags,
                             std::stop_token stop) {
  const auto& namespace_name = flags.options.namespace_name;
  auto manifests = TRY(installation_manifests(flags.options));
  TRY(apply_definitions(*connection.client, stop));
  print_line(fmt::format("{} custom resources are served", definitions().size()));
  // A Job runs once; certificates are looked at with every installation.
  TRY(remove_certificate_jobs(*connection.client, namespace_name, stop));
  TRY(apply_manifests(*connection.client, manifests, stop));
  TRY(wait_for_certificates(*connection.client, manifests, stop));
  TRY(wait_for_deployments(*connection.client, namespace_name, stop));
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
  command
      ->add_option("--max-movers", install->options.max_movers,
                   "Movers at one time in the cluster (default: as many as its storages bear)")
      ->type_name("COUNT");
  command
      ->add_option("--max-movers-per-node", install->options.max_movers_per_node,
                   "Of these, movers of volumes of one node (default: no limit)")
      ->type_name("COUNT");
  command->add_flag("--dry-run", install->dry_run,
                    "Only print the manifests, for kubectl apply --server-side -f -");
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
