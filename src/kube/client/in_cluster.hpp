#pragma once

#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "kube/client/cluster_access.hpp"
#include "kube/client/kubeconfig.hpp"

namespace dmaas::kube {

/// Access from inside a pod: KUBERNETES_SERVICE_HOST/PORT of `environment` and the service
/// account's mount at `directory`. The token is read again while the program runs. Errors:
/// not_found when not in a pod or without a mounted token.
Result<ClusterAccess> load_in_cluster(
    const std::map<std::string, std::string>& environment, Clock& clock,
    const std::string& directory = "/var/run/secrets/kubernetes.io/serviceaccount");

/// In a pod without KUBECONFIG: the pod's account; otherwise the kubeconfig.
Result<ClusterAccess> load_cluster_access(const KubeconfigOptions& options, Clock& clock);

}  // namespace dmaas::kube
