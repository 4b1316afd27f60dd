#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/backup_policy.hpp"
#include "applications/policy/policy_target.hpp"

/// To what policies are open. Pure.
namespace dmaas::applications {

/// Whether a policy is open to a namespace at all.
bool is_open_to_namespace(const api::PolicyScope& scope, const PolicyTarget& target_namespace,
                          std::string_view system_namespace);
/// Whether it is open to a workload of that namespace, or to the namespace itself.
bool is_open_to(const api::PolicyScope& scope, const PolicyTarget& target,
                const PolicyTarget& target_namespace, std::string_view system_namespace);
/// Whether a scope names the kind.
bool names_kind_of(const api::PolicyScope& scope, const kube::Resource& resource);

/// What of a policy runs in the application's namespace, so that it is not silent; "" when nothing.
std::string find_noise(const api::BackupPolicySpec& policy);

}  // namespace dmaas::applications
