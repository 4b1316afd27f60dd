#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace dmaas::cli {

struct InstallOptions {
  std::string namespace_name = "dmaas-system";
  std::string image = "dmaas.io/dmaas:" DMAAS_VERSION;
  std::string cluster_name = "cluster";  // first segment of repository paths
  std::string image_pull_policy = "IfNotPresent";
  std::int32_t max_movers = 0;           // at one time in the cluster; 0: no limit
  std::int32_t max_movers_per_node = 0;  // of these, movers of volumes of one node; 0: no limit
  /// Directories of the node that the gateway mounts for storages of backend `local`.
  std::vector<std::string> local_directories{};
};

/// The CronJob that renews certificates; Jobs are named after it.
inline constexpr const char* certificates_name = "dmaas-certificates";
/// Selects every Job that makes certificates: that of the manifests and those of the CronJob.
inline constexpr const char* certificates_selector =
    "app.kubernetes.io/name=dmaas,app.kubernetes.io/component=certificates";

/// The custom resource definitions of this version.
std::vector<Json> definitions();

/// Everything else, in the order in which it has to be applied: namespace, accounts, roles,
/// services, what makes certificates, deployments. No Secret is among it. Pure.
Result<std::vector<Json>> installation_manifests(const InstallOptions& options);

/// All of an installation as YAML for `kubectl apply --server-side`, definitions first. Pure.
Result<std::string> installation_text(const InstallOptions& options);

/// deploy/install.yaml: what `dmaas install` makes without options. Pure.
std::string generated_install_file();

}  // namespace dmaas::cli
