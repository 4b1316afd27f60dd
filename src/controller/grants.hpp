#pragma once

#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "api/gateway_configuration.hpp"
#include "base/result.hpp"
#include "kube/client/client.hpp"

namespace dmaas::controller {

/// Which pod may touch which repository, as the gateway is told by the ConfigMap
/// `dmaas-gateway-grants`. One writer: the leading controller. Thread-safe.
class Grants {
public:
  Grants(kube::Client& client, std::string namespace_name);

  /// Takes over what an earlier leader wrote. Call before anything else.
  Result<> load(std::stop_token stop);
  /// Returns once the gateway can know. Granting what is granted already is success; a pod may hold
  /// one grant for each of several repositories.
  Result<> add(const api::GatewayGrant& grant, std::stop_token stop);
  /// Takes back all that the pod may do.
  Result<> remove(const std::string& pod_uid, std::stop_token stop);
  std::vector<api::GatewayGrant> all() const;
  /// UIDs of the pods that have a grant.
  std::set<std::string> pods() const;

private:
  Result<> write(std::stop_token stop);
  std::vector<api::GatewayGrant> flat() const;

  kube::Client& client_;
  const std::string namespace_;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<api::GatewayGrant>> by_pod_;
};

}  // namespace dmaas::controller
