#include "applications/selection.hpp"

#include <algorithm>
#include <cctype>

#include "api/backup_target.hpp"
#include "base/glob.hpp"

namespace dmaas::applications {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

bool any_glob_matches(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns,
                             [&](const auto& pattern) { return matches_glob(pattern, text); });
}

std::vector<Rule> to_rules(const std::vector<api::ObjectRule>& stated) {
  std::vector<Rule> rules;
  for (const auto& rule : stated) {
    rules.push_back(
        {rule.kinds, rule.names, rule.namespaces,
         rule.label_selector ? api::to_kube(*rule.label_selector) : kube::LabelSelector(),
         rule.annotations});
  }
  return rules;
}

}  // namespace

Selection to_selection(const api::ObjectSelection& stated, Secrets secrets) {
  return {to_rules(stated.include), to_rules(stated.exclude), secrets};
}

bool names_kind(std::string_view text, const kube::Resource& resource) {
  const std::string wanted = lower(text);
  const std::string kind = lower(resource.kind);
  if (wanted == "*" || wanted == kind || wanted == resource.plural) return true;
  const std::string suffix = "." + resource.group;
  if (resource.group.empty() || !wanted.ends_with(suffix)) return false;
  const std::string bare = wanted.substr(0, wanted.size() - suffix.size());
  return bare == "*" || bare == kind || bare == resource.plural;
}

bool picks(const Rule& rule, const Described& object) {
  auto names_it = [&](const auto& text) { return names_kind(text, object.resource); };
  if (!rule.kinds.empty() && std::ranges::none_of(rule.kinds, names_it)) return false;
  if (!rule.names.empty() && !any_glob_matches(rule.names, object.name)) return false;
  if (!rule.namespaces.empty() && !any_glob_matches(rule.namespaces, object.namespace_name))
    return false;
  auto has_it = [&](const auto& wanted) {
    auto own = object.annotations.find(wanted.first);
    return own != object.annotations.end() && matches_glob(wanted.second, own->second);
  };
  return rule.labels.matches(object.labels) && std::ranges::all_of(rule.annotations, has_it);
}

bool picks_any(const std::vector<Rule>& rules, const Described& object) {
  return std::ranges::any_of(rules, [&](const Rule& rule) { return picks(rule, object); });
}

Target to_target(const api::BackupTarget& stated, const std::string& plan_namespace,
                 Secrets secrets, Reach reach) {
  Target target;
  target.name = stated.name;
  target.namespaces = api::namespaces_of(stated, plan_namespace);
  target.reach = reach;
  if (stated.workload) {
    const std::string group = kube::parse_api_version(stated.workload->api_version).group;
    target.object = Target::ByName{stated.workload->kind + (group.empty() ? "" : "." + group),
                                   stated.workload->name};
  }
  if (stated.selector) target.labels = api::to_kube(*stated.selector);
  target.helm_release = stated.helm_release;
  if (stated.all_objects) target.everything.emplace();
  target.selection = to_selection(stated.objects, secrets);
  target.claims = stated.volumes.include;
  target.excluded_claims = stated.volumes.exclude;
  return target;
}

bool takes_data_of(const Target& target, std::string_view claim) {
  if (any_glob_matches(target.excluded_claims, claim)) return false;
  return target.claims.empty() || any_glob_matches(target.claims, claim);
}

}  // namespace dmaas::applications
