#include "applications/policy/open_policies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "applications/selection.hpp"
#include "base/glob.hpp"

namespace dmaas::applications {
namespace {

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns,
                             [&](const auto& pattern) { return matches_glob(pattern, text); });
}

}  // namespace

bool is_open_to_namespace(const api::PolicyScope& scope, const PolicyTarget& target_namespace,
                          std::string_view system_namespace) {
  const auto& name = target_namespace.key.name;
  if (name == system_namespace) return false;
  bool is_named =
      scope.namespaces.empty() ? !name.starts_with("kube-") : matches_any(scope.namespaces, name);
  return is_named && (!scope.namespace_selector ||
                      api::to_kube(*scope.namespace_selector).matches(target_namespace.labels));
}

bool names_kind_of(const api::PolicyScope& scope, const kube::Resource& resource) {
  return std::ranges::any_of(scope.kinds,
                             [&](const auto& kind) { return names_kind(kind, resource); });
}

bool is_open_to(const api::PolicyScope& scope, const PolicyTarget& target,
                const PolicyTarget& target_namespace, std::string_view system_namespace) {
  bool is_named =
      target.is_namespace() || scope.names.empty() || matches_any(scope.names, target.key.name);
  return is_named && names_kind_of(scope, target.resource) &&
         (!scope.selector || api::to_kube(*scope.selector).matches(target.labels)) &&
         is_open_to_namespace(scope, target_namespace, system_namespace);
}

std::string find_noise(const api::BackupPolicySpec& policy) {
  if (policy.enforcement != api::Enforcement::silent || !policy.plan_template) return "";
  for (const auto& run : policy.plan_template->runs) {
    if (run.hooks.before.empty() && run.hooks.after.empty()) continue;
    return fmt::format(
        "spec.template.runs[{}].hooks run in the application's pods, which is not silent: remove "
        "them, or make the policy mandatory",
        run.name);
  }
  return "";
}

}  // namespace dmaas::applications
