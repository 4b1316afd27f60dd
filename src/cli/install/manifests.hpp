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
  /// Directories of the node that the gateway mounts for storages of backend `local`.
  std::vector<std::string> local_directories{};
};

/// PEM texts. The controller's and the gateway's certificates are signed by the authority, which
/// every mover is told to trust.
struct InstallCertificates {
  std::string authority;
  std::string authority_key;
  std::string controller;
  std::string controller_key;
  std::string gateway;
  std::string gateway_key;
};

/// Everything but the custom resource definitions, in the order in which it has to be applied:
/// namespace, accounts, roles, certificates, services, deployments. Pure.
Result<std::vector<Json>> installation_manifests(const InstallOptions& options,
                                                 const InstallCertificates& certificates);

/// DNS names that the certificates of the two services carry.
std::vector<std::string> service_names(std::string_view service, std::string_view namespace_name);

}  // namespace dmaas::cli
