#pragma once

#include <string>
#include <vector>

#include "api/backup_policy.hpp"

namespace dmaas::applications {

/// A plan as a policy looks at it.
struct BoundedPlan {
  const api::BackupConfigurationSpec& spec;
  std::string namespace_name{};
  std::string system_namespace{};
  std::vector<kube::ObjectKey> storages{};  // those that it uses, named or by default
};

/// Whether a plan keeps a policy's bounds. Pure. Errors: permission_denied, every violation as
/// "spec.<field>: what is wrong and what to write instead".
Result<> check_bounds(const api::PlanBounds& bounds, const BoundedPlan& plan);

/// Whether the policy itself lists a storage.
bool lists_storage(const api::PlanBounds& bounds, const kube::ObjectKey& storage,
                   const std::string& system_namespace);

}  // namespace dmaas::applications
