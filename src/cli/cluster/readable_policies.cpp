#include "cli/cluster/readable_policies.hpp"

#include <algorithm>
#include <set>

#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

const kube::Resource rules_reviews{.group = "authorization.k8s.io",
                                   .version = "v1",
                                   .plural = "selfsubjectrulesreviews",
                                   .kind = "SelfSubjectRulesReview",
                                   .namespaced = false};

bool holds(const JsonArray& texts, std::string_view wanted) {
  return std::ranges::any_of(
      texts, [&](const Json& text) { return text.is_string() && text.get_string() == wanted; });
}

/// The names that rules of the person's roles spell out.
Result<std::set<std::string>> readable_names(kube::Client& client,
                                             const std::string& namespace_name,
                                             std::stop_token stop) {
  auto review = kube::make_object(rules_reviews, {});
  review.as_object()["spec"] = JsonObject{{"namespace", namespace_name}};
  auto answer = TRY(client.create(rules_reviews, review, {}, std::move(stop)));
  std::set<std::string> names;
  for (const auto& rule : items_at(answer, "status", "resourceRules")) {
    bool is_meant =
        holds(items_at(rule, "apiGroups"), api::group_name) &&
        holds(items_at(rule, "resources"), api::kind_info<api::BackupPolicy>().plural) &&
        holds(items_at(rule, "verbs"), "get");
    if (!is_meant) continue;
    for (const auto& name : items_at(rule, "resourceNames"))
      if (name.is_string()) names.emplace(name.get_string());
  }
  return names;
}

}  // namespace

Result<std::vector<api::BackupPolicy>> load_readable_policies(kube::Client& client,
                                                              const std::string& namespace_name,
                                                              std::stop_token stop) {
  const auto resource = api::kind_info<api::BackupPolicy>().resource();
  auto objects = kube::list_all(client, resource, {}, stop);
  if (objects.failed_with(ErrorCode::permission_denied)) {
    objects = std::vector<Json>();
    for (const auto& name : TRY(readable_names(client, namespace_name, stop))) {
      auto object = client.get(resource, {"", name}, stop);
      if (object) objects->push_back(std::move(*object));
    }
  }
  std::vector<api::BackupPolicy> policies;
  for (const auto& object : TRY(std::move(objects)))
    policies.push_back(TRY(api::decode<api::BackupPolicy>(object)));
  std::ranges::sort(policies, {}, [](const auto& policy) { return policy.metadata.name; });
  return policies;
}

Result<applications::PolicyTarget> find_policy_target(kube::Client& client, const std::string& kind,
                                                      const kube::ObjectKey& key,
                                                      std::stop_token stop) {
  auto discovery = TRY(client.discover(stop));
  const auto* served = discovery.find_name(kind);
  if (served == nullptr)
    return fail(ErrorCode::invalid_input, "the cluster does not serve a kind '" + kind + "'");
  applications::PolicyTarget target{.resource = served->resource, .key = key};
  if (!served->resource.namespaced) target.key.namespace_name.clear();
  auto object = client.get(target.resource, target.key, std::move(stop));
  if (object) {
    target.labels = kube::labels_of(*object);
    target.annotations = kube::annotations_of(*object);
  } else if (!object.failed_with(ErrorCode::not_found) &&
             !object.failed_with(ErrorCode::permission_denied)) {
    return fail(std::move(object).error());
  }
  return target;
}

Result<applications::PolicyTarget> find_policy_namespace(kube::Client& client,
                                                         const std::string& name,
                                                         std::stop_token stop) {
  return find_policy_target(client, "namespaces", {"", name}, std::move(stop));
}

}  // namespace dmaas::cli
