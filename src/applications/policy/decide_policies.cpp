#include "applications/policy/decide_policies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "applications/policy/expand_template.hpp"
#include "applications/policy/open_policies.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

using api::Enforcement;

std::string chosen_by(const PolicyTarget& target) {
  auto found = target.annotations.find(std::string(api::annotation::policy));
  return found == target.annotations.end() ? std::string() : found->second;
}

api::BackupTarget target_of(const PolicyTarget& target, bool is_imposed) {
  api::BackupTarget made;
  made.name = api::target_name(target.key.name);
  if (target.is_namespace()) {
    made.all_objects = true;
  } else {
    made.workload = api::ObjectReference{.api_version = target.resource.api_version(),
                                         .kind = target.resource.kind,
                                         .name = target.key.name};
  }
  if (is_imposed) made.namespaces = {target.namespace_name()};
  return made;
}

class Decider {
public:
  explicit Decider(PolicyScene scene) : scene_(std::move(scene)) {
    std::ranges::sort(scene_.policies, {}, [](const auto& policy) { return policy.metadata.name; });
    auto in_order = [](const PolicyTarget& target) {
      return std::tie(target.resource, target.key);
    };
    std::ranges::sort(scene_.namespaces, {}, in_order);
    std::ranges::sort(scene_.workloads, {}, in_order);
    for (const auto& space : scene_.namespaces) namespaces_.emplace(space.key.name, &space);
  }

  PolicyDecision decide() {
    for (const auto& policy : scene_.policies) {
      auto& counts = decision_.counts[policy.metadata.name];
      counts.open_namespaces = static_cast<std::int32_t>(
          std::ranges::count_if(scene_.namespaces, [&](const PolicyTarget& space) {
            return is_open_to_namespace(policy.spec.open_to, space, scene_.system_namespace);
          }));
    }
    for (const auto& space : scene_.namespaces) decide_for(space, space);
    for (const auto& workload : scene_.workloads) {
      auto space = namespaces_.find(workload.key.namespace_name);
      // A namespace that is not known yet brings its workloads again.
      if (space != namespaces_.end()) decide_for(workload, *space->second);
    }
    return std::move(decision_);
  }

private:
  const api::BackupPolicy* find(const std::string& name) const {
    auto found = std::ranges::find(scene_.policies, name,
                                   [](const auto& policy) { return policy.metadata.name; });
    return found == scene_.policies.end() ? nullptr : &*found;
  }

  bool is_open(const api::BackupPolicy& policy, const PolicyTarget& target,
               const PolicyTarget& space) const {
    return is_open_to(policy.spec.open_to, target, space, scene_.system_namespace);
  }

  void decide_for(const PolicyTarget& target, const PolicyTarget& space) {
    if (space.key.name == scene_.system_namespace) return;
    for (const auto& policy : scene_.policies) {
      if (policy.spec.is_imposed() && is_open(policy, target, space)) add(policy, target, space);
    }
    if (auto own = chosen_by(target); !own.empty()) {
      choose(own, target, space);
    } else if (auto wide = chosen_by(space); !wide.empty()) {
      choose_by_namespace(wide, target, space);
    } else {
      take_default(target, space);
    }
  }

  /// What the annotation on a workload or a namespace means for itself.
  void choose(const std::string& name, const PolicyTarget& target, const PolicyTarget& space) {
    if (name == api::annotation::no_policy) return;
    const auto* policy = find(name);
    if (policy == nullptr || policy->spec.enforcement == Enforcement::silent)
      return leave(name, target, true, fmt::format("BackupPolicy {} does not exist (yet)", name));
    bool is_for_its_workloads =
        target.is_namespace() && !names_kind_of(policy->spec.open_to, target.resource) &&
        is_open_to_namespace(policy->spec.open_to, space, scene_.system_namespace);
    if (is_for_its_workloads) return;
    if (!is_open(*policy, target, space)) {
      return leave(
          name, target, false,
          fmt::format("BackupPolicy {} is not open to {}: 'dmaas policies' shows which are", name,
                      target.text()));
    }
    if (policy->spec.is_imposed()) return;  // protects it anyway
    if (!policy->spec.plan_template) {
      return leave(name, target, false,
                   fmt::format("BackupPolicy {} has no template: make a plan with policyRef {}",
                               name, name));
    }
    add(*policy, target, space);
  }

  void choose_by_namespace(const std::string& name, const PolicyTarget& target,
                           const PolicyTarget& space) {
    const auto* policy = find(name);
    bool is_chosen = policy != nullptr && !policy->spec.is_imposed() &&
                     policy->spec.plan_template && is_open(*policy, target, space) &&
                     !names_kind_of(policy->spec.open_to, space.resource);
    if (is_chosen) add(*policy, target, space);
  }

  void take_default(const PolicyTarget& target, const PolicyTarget& space) {
    for (const auto& policy : scene_.policies) {
      bool is_it = policy.spec.enforcement == Enforcement::by_default &&
                   policy.spec.plan_template && is_open(policy, target, space);
      if (is_it) return add(policy, target, space);
    }
  }

  void add(const api::BackupPolicy& policy, const PolicyTarget& target, const PolicyTarget& space) {
    const auto& name = policy.metadata.name;
    if (auto noise = find_noise(policy.spec); !noise.empty())
      return give_up(policy, target, std::move(noise));
    bool is_imposed = policy.spec.is_imposed();
    auto variables = policy.spec.variables;
    if (!is_imposed) {
      for (const auto* object : {&space, &target})
        for (auto& [key, value] : variables_in(object->annotations))
          variables[key] = std::move(value);
    }
    auto expanded = expand_template(*policy.spec.plan_template, variables, scene_.system_namespace);
    if (!expanded) return give_up(policy, target, expanded.error().message());
    WantedPlan wanted{
        .policy = name, .enforcement = policy.spec.enforcement, .target = target, .spec = {}};
    wanted.spec.targets = {target_of(target, is_imposed)};
    wanted.spec.runs = std::move(expanded->runs);
    wanted.spec.storages = std::move(expanded->storages);
    wanted.spec.retention_policy = std::move(expanded->retention_policy);
    wanted.spec.exclude_secrets = expanded->exclude_secrets;
    wanted.spec.objectives = expanded->objectives;
    wanted.spec.policy = api::LocalReference{name};
    auto kind = target.resource.name();
    api::PolicyTargetName named{kind, target.namespace_name(), target.key.name};
    wanted.key = is_imposed
                     ? kube::ObjectKey{scene_.system_namespace, api::imposed_plan_name(name, named)}
                     : kube::ObjectKey{target.namespace_name(), api::policy_plan_name(name, named)};
    ++decision_.counts[name].protected_targets;
    decision_.plans.push_back(std::move(wanted));
  }

  /// What is wrong with the policy, not with who has chosen it.
  void give_up(const api::BackupPolicy& policy, const PolicyTarget& target, std::string message) {
    auto& counts = decision_.counts[policy.metadata.name];
    if (counts.failed_targets++ == 0) counts.first_failure = message;
    if (policy.spec.enforcement != Enforcement::silent)
      leave(policy.metadata.name, target, false, std::move(message));
  }

  void leave(const std::string& policy, const PolicyTarget& target, bool may_come,
             std::string message) {
    decision_.unprotected.push_back({target, policy, may_come, std::move(message)});
  }

  PolicyScene scene_;
  std::map<std::string_view, const PolicyTarget*> namespaces_;
  PolicyDecision decision_;
};

}  // namespace

PolicyDecision decide_policies(PolicyScene scene) {
  return Decider(std::move(scene)).decide();
}

}  // namespace dmaas::applications
