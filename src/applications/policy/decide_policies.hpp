#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/backup_policy.hpp"
#include "applications/policy/policy_target.hpp"

namespace dmaas::applications {

/// All that decides which plans policies make.
struct PolicyScene {
  std::vector<api::BackupPolicy> policies{};
  std::vector<PolicyTarget> namespaces{};
  std::vector<PolicyTarget> workloads{};
  std::string system_namespace{};
};

/// A plan that has to be there because of a policy.
struct WantedPlan {
  kube::ObjectKey key{};
  std::string policy{};
  api::Enforcement enforcement = api::Enforcement::offered;
  PolicyTarget target{};
  api::BackupConfigurationSpec spec{};
};

/// What should have a plan by a policy and has none.
struct UnprotectedTarget {
  PolicyTarget target{};
  std::string policy{};
  bool may_come = false;  // the policy is not there yet
  std::string message{};
};

struct PolicyCounts {
  std::int32_t open_namespaces = 0;
  std::int32_t protected_targets = 0;
  std::int32_t failed_targets = 0;
  std::string first_failure{};
};

struct PolicyDecision {
  std::vector<WantedPlan> plans{};
  std::vector<UnprotectedTarget> unprotected{};
  std::map<std::string, PolicyCounts> counts{};  // by policy
};

/// Which plans policies make. Pure, and the same in whatever order the scene lists things.
///
/// The annotation dmaas.io/policy on a workload chooses; else that on its namespace, which means
/// the namespace itself when the policy is open to kind Namespace; else the first policy by name
/// with enforcement `default` that is open to it, where the namespace has no annotation. Policies
/// that are imposed make their plans in the system namespace, whatever is annotated.
PolicyDecision decide_policies(PolicyScene scene);

}  // namespace dmaas::applications
