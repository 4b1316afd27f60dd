#include "controller/policy/check_policy.hpp"

#include <fmt/format.h>

#include "api/backup_policy.hpp"
#include "applications/policy/check_bounds.hpp"
#include "applications/policy/open_policies.hpp"
#include "controller/policy/protection.hpp"
#include "controller/references.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using applications::PolicyTarget;

Result<PolicyTarget> load_namespace(World& world, const std::string& name, std::stop_token stop) {
  const auto resource = kube::resources::namespaces();
  auto object = TRY(world.client.get(resource, {"", name}, std::move(stop)));
  return PolicyTarget{resource, {"", name}, kube::labels_of(object), {}};
}

/// As a policy sees what a plan names: everything but one workload counts as its namespace.
Result<PolicyTarget> load_target(World& world, const api::BackupTarget& target,
                                 const PolicyTarget& space, const api::PolicyScope& scope,
                                 std::stop_token stop) {
  if (!target.workload) return space;
  PolicyTarget found{.resource = TRY(resource_of(world, *target.workload, stop)),
                     .key = {space.key.name, target.workload->name}};
  if (!scope.selector) return found;
  auto object = TRY(world.client.get(found.resource, found.key, std::move(stop)));
  found.labels = kube::labels_of(object);
  return found;
}

Result<> check_openness(World& world, const api::BackupPolicy& policy,
                        const api::BackupConfiguration& plan, std::stop_token stop) {
  const auto& own = plan.metadata.namespace_name;
  const auto& scope = policy.spec.open_to;
  for (std::size_t i = 0; i < plan.spec.targets.size(); ++i) {
    const auto& target = plan.spec.targets[i];
    for (const auto& name : api::namespaces_of(target, own)) {
      auto space = TRY(load_namespace(world, name, stop));
      auto found = TRY(load_target(world, target, space, scope, stop));
      if (applications::is_open_to(scope, found, space, world.settings.namespace_name)) continue;
      return fail(ErrorCode::permission_denied,
                  fmt::format("spec.targets[{}]: BackupPolicy {} is not open to {}: name one that "
                              "is, as 'dmaas policies' shows",
                              i, policy.metadata.name, found.text()));
    }
  }
  return {};
}

Result<std::optional<api::BackupPolicy>> find_policy(const World& world,
                                                     const api::BackupConfiguration& plan) {
  if (!plan.spec.policy) return std::nullopt;
  kube::ObjectKey key{"", plan.spec.policy->name};
  auto policy = find_object<api::BackupPolicy>(world.stores.policies, key);
  bool is_silent = policy && policy->spec.enforcement == api::Enforcement::silent;
  if (!is_silent) return std::optional(TRY(std::move(policy)));
  // Users learn nothing of silent ones.
  return fail(ErrorCode::not_found, "BackupPolicy " + key.text() + " does not exist (yet)");
}

}  // namespace

Result<> check_policy(World& world, const api::BackupConfiguration& plan, std::stop_token stop) {
  const auto& own = plan.metadata.namespace_name;
  const auto& system = world.settings.namespace_name;
  if (own == system) return {};
  auto policy = TRY(find_policy(world, plan));
  applications::BoundedPlan bounded{plan.spec, own, system, {}};
  for (const auto& storage : TRY(all_storages_of(world, plan))) {
    auto key = storage.metadata.key();
    bool is_by_policy =
        storage.spec.usage.namespaces == api::UsageScope::policies && key.namespace_name != own;
    if (is_by_policy &&
        !(policy && applications::lists_storage(policy->spec.allowed, key, system))) {
      return fail(ErrorCode::permission_denied,
                  fmt::format("spec.policyRef: BackupStorage {} is given by policies only: name "
                              "one that lists it, as 'dmaas policies' shows",
                              key.text()));
    }
    bounded.storages.push_back(std::move(key));
  }
  if (!policy) return {};
  if (policy->spec.is_imposed()) {
    return fail(ErrorCode::permission_denied,
                fmt::format("spec.policyRef: BackupPolicy {} is imposed and cannot be chosen: "
                            "remove it",
                            policy->metadata.name));
  }
  TRY(check_openness(world, *policy, plan, std::move(stop)));
  return applications::check_bounds(policy->spec.allowed, bounded);
}

}  // namespace dmaas::controller
