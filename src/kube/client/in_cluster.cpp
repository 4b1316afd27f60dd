#include "kube/client/in_cluster.hpp"

#include "base/file.hpp"

namespace dmaas::kube {

Result<ClusterAccess> load_in_cluster(const std::map<std::string, std::string>& environment,
                                      Clock& clock, const std::string& directory) {
  auto host = environment.find("KUBERNETES_SERVICE_HOST");
  auto port = environment.find("KUBERNETES_SERVICE_PORT");
  if (host == environment.end() || port == environment.end()) {
    return fail(ErrorCode::not_found, "not in a pod: KUBERNETES_SERVICE_HOST is not set");
  }
  bool is_ipv6 = host->second.find(':') != std::string::npos;
  ClusterAccess access;
  access.server =
      "https://" + (is_ipv6 ? "[" + host->second + "]" : host->second) + ":" + port->second;
  access.ca_certificates = TRY(read_small_file(directory + "/ca.crt").context("in the pod"));
  access.identity = token_file_identity(directory + "/token", clock);
  TRY(access.identity->current({}));
  auto namespace_name = read_small_file(directory + "/namespace");
  if (namespace_name && !namespace_name->empty()) access.namespace_name = *namespace_name;
  return access;
}

Result<ClusterAccess> load_cluster_access(const KubeconfigOptions& options, Clock& clock) {
  bool is_pod = options.environment.contains("KUBERNETES_SERVICE_HOST");
  bool names_config = !options.path.empty() || options.environment.contains("KUBECONFIG");
  if (!is_pod || names_config) return load_kubeconfig(options, clock);
  auto access = TRY(load_in_cluster(options.environment, clock));
  if (!options.namespace_name.empty()) access.namespace_name = options.namespace_name;
  return access;
}

}  // namespace dmaas::kube
