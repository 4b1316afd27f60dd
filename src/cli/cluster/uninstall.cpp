// dmaas uninstall
#include <fmt/format.h>

#include <memory>

#include "api/kinds.hpp"
#include "api/labels.hpp"
#include "certificates/secrets.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/install_steps.hpp"
#include "cli/install/manifests.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

constexpr std::chrono::seconds pods_patience{60};
constexpr std::chrono::seconds definitions_patience{120};

struct UninstallFlags {
  ClusterFlags cluster;
  InstallOptions options{};
};

/// Nobody is left to remove them. Nothing on a storage is touched.
Result<> remove_finalizers(kube::Client& client, std::stop_token stop) {
  for (const auto* kind : api::all_kinds()) {
    auto objects = kube::list_all(client, kind->resource(), {}, stop);
    if (objects.failed_with(ErrorCode::not_found)) continue;
    if (!objects) return fail(std::move(objects).error());
    for (const auto& object : *objects) {
      if (kube::finalizers_of(object).empty()) continue;
      Json patch = JsonObject{{"metadata", {{"finalizers", nullptr}}}};
      auto patched = client.patch(kind->resource(), kube::key_of(object),
                                  {kube::PatchKind::merge, patch}, {}, stop);
      if (!patched && patched.code() != ErrorCode::not_found)
        return fail(std::move(patched).error());
    }
  }
  return {};
}

Result<> end_processes(kube::Client& client, const std::string& namespace_name,
                       std::stop_token stop) {
  for (auto name : {"dmaas-controller", "dmaas-gateway"}) {
    TRY(kube::ensure_removed(client, kube::resources::deployments(), {namespace_name, name}, {},
                             stop));
  }
  TRY(kube::ensure_removed(client, kube::resources::cron_jobs(),
                           {namespace_name, certificates_name}, {}, stop));
  TRY(remove_certificate_jobs(client, namespace_name, stop));
  auto have_ended = [&]() -> Result<bool> {
    kube::ListOptions options{.namespace_name = namespace_name,
                              .label_selector = "app.kubernetes.io/name=dmaas"};
    return TRY(kube::list_all(client, kube::resources::pods(), options, stop)).empty();
  };
  auto ended = wait_until(pods_patience, stop, have_ended, "its pods have not ended");
  if (ended.failed_with(ErrorCode::cancelled)) return ended;
  // A node that does not answer keeps its pods; their rights end with what is removed next.
  if (!ended) print_note("warning: " + ended.error().message());
  return {};
}

/// What sessions that are cut short leave behind. Second volumes keep the application's data when
/// they go.
Result<> remove_leftovers(kube::Client& client, const std::string& namespace_name,
                          std::stop_token stop) {
  using namespace kube::resources;
  for (const auto& resource :
       {pods(), persistent_volume_claims(), persistent_volumes(), config_maps(), namespaces()}) {
    kube::ListOptions options{.label_selector = std::string(api::label::session_uid) + "," +
                                                std::string(api::label::managed_by) + "=dmaas"};
    bool is_everywhere = !resource.namespaced || resource == pods();
    if (!is_everywhere) options.namespace_name = namespace_name;
    for (const auto& object : TRY(kube::list_all(client, resource, options, stop))) {
      TRY(kube::ensure_removed(client, resource, kube::key_of(object),
                               {.uid = kube::uid_of(object)}, stop));
    }
  }
  return {};
}

Result<> remove_manifests(kube::Client& client, const InstallOptions& options,
                          std::stop_token stop) {
  auto manifests = TRY(installation_manifests(options));
  auto discovery = TRY(client.discover(stop));
  for (auto manifest = manifests.rbegin(); manifest != manifests.rend(); ++manifest) {
    if (kube::kind_of(*manifest) == "Namespace") continue;
    auto resource = TRY(resource_for(discovery, *manifest));
    TRY(kube::ensure_removed(client, resource, kube::key_of(*manifest), {}, stop));
  }
  return {};
}

/// Nobody else knows of them: they are made in the cluster.
Result<> remove_certificates(kube::Client& client, const std::string& namespace_name,
                             std::stop_token stop) {
  for (auto name : certificates::secret_names) {
    TRY(kube::ensure_removed(client, kube::resources::secrets(),
                             {namespace_name, std::string(name)}, {}, stop));
  }
  return {};
}

Result<> remove_definitions(kube::Client& client, std::stop_token stop) {
  const auto resource = kube::resources::custom_resource_definitions();
  for (const auto& manifest : definitions())
    TRY(kube::ensure_removed(client, resource, kube::key_of(manifest), {}, stop));
  auto are_gone = [&]() -> Result<bool> {
    TRY(remove_finalizers(client, stop));
    for (const auto& manifest : definitions()) {
      auto present = client.get(resource, kube::key_of(manifest), stop);
      if (present) return false;
      if (!present.failed_with(ErrorCode::not_found)) return fail(std::move(present).error());
    }
    return true;
  };
  return wait_until(definitions_patience, stop, are_gone, "custom resources are still there");
}

Result<ExitCode> run_uninstall(const Connection& connection, const UninstallFlags& flags,
                               std::stop_token stop) {
  auto& client = *connection.client;
  const auto& namespace_name = flags.options.namespace_name;
  // The controller first: it would put finalizers back.
  TRY(end_processes(client, namespace_name, stop));
  TRY(remove_finalizers(client, stop));
  TRY(remove_leftovers(client, namespace_name, stop));
  TRY(remove_manifests(client, flags.options, stop));
  TRY(remove_certificates(client, namespace_name, stop));
  TRY(remove_definitions(client, stop));
  print_line(
      fmt::format("dmaas is removed; no backup was erased. Namespace {} is left: it holds the "
                  "passwords of repositories.",
                  namespace_name));
  return ExitCode::success;
}

}  // namespace

void add_uninstall_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<UninstallFlags>();
  auto* command = app.add_subcommand("uninstall", "Remove from a cluster; erases no backup");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("--system-namespace", flags->options.namespace_name, "Where it is installed")
      ->capture_default_str();
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_uninstall(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
