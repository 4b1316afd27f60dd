#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_policy.hpp"
#include "applications/policy/policy_target.hpp"
#include "kube/client/client.hpp"

namespace dmaas::cli {

/// The policies that a person may read, by name. Who may not list them may read some by their
/// names, which the API server tells.
Result<std::vector<api::BackupPolicy>> load_readable_policies(kube::Client& client,
                                                              const std::string& namespace_name,
                                                              std::stop_token stop);

/// A workload that somebody wants to protect, as policies see it; it need not be there yet.
Result<applications::PolicyTarget> find_policy_target(kube::Client& client, const std::string& kind,
                                                      const kube::ObjectKey& key,
                                                      std::stop_token stop);

/// A namespace; without labels for a person who may not read it.
Result<applications::PolicyTarget> find_policy_namespace(kube::Client& client,
                                                         const std::string& name,
                                                         std::stop_token stop);

}  // namespace dmaas::cli
