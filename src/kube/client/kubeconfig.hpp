#pragma once

#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "kube/client/cluster_access.hpp"

namespace dmaas::kube {

struct KubeconfigOptions {
  std::string path{};            // --kubeconfig: only this file
  std::string context{};         // --context: instead of current-context
  std::string namespace_name{};  // --namespace
  /// KUBECONFIG (a list with ':', merged: the first file that sets a value wins) and HOME
  /// (~/.kube/config).
  std::map<std::string, std::string> environment{};
};

/// Access by kubectl's rules: --kubeconfig, else KUBECONFIG, else ~/.kube/config. Certificates
/// inline or in files (relative to their kubeconfig), tokens, token files, basic authentication,
/// exec plugins (client.authentication.k8s.io/v1 and v1beta1), impersonation. Does not connect.
/// Errors: not_found (no file, no such context), invalid_input (names file and field), unsupported
/// (auth-provider, proxy-url: names the remedy).
Result<ClusterAccess> load_kubeconfig(const KubeconfigOptions& options, Clock& clock);

/// HOME, KUBECONFIG and what exec plugins may see, from the process.
std::map<std::string, std::string> process_environment();

}  // namespace dmaas::kube
