#include "controller/references.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/hook_template.hpp"
#include "api/labels.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

/// Grants for single kinds or names would need a filter on everything a session touches; only
/// whole-namespace grants open one.
bool opens_namespace(const api::BackupGrantSpec& grant, const std::string& from,
                     api::GrantVerb verb) {
  return grant.to.namespace_name == from && grant.to.plan.empty() && grant.what.kinds.empty() &&
         grant.what.names.empty() && !grant.what.selector &&
         std::ranges::find(grant.verbs, verb) != grant.verbs.end();
}

/// The label selector that names the pods of a workload, from the workload itself.
Result<kube::LabelSelector> selector_of(World& world, const api::ObjectReference& workload,
                                        const std::string& namespace_name, std::stop_token stop) {
  auto discovery = TRY(world.client.discover(stop));
  auto group = kube::parse_api_version(workload.api_version).group;
  for (const auto& resource : {kube::resources::stateful_sets(), kube::resources::deployments(),
                               kube::resources::daemon_sets()}) {
    if (resource.kind != workload.kind || (!group.empty() && group != resource.group)) continue;
    auto ns = workload.namespace_name.empty() ? namespace_name : workload.namespace_name;
    auto object = TRY(world.client.get(resource, {ns, workload.name}, stop));
    const Json* selector = find(object, "spec", "selector");
    return kube::LabelSelector::from_json(selector == nullptr ? Json(JsonObject{}) : *selector);
  }
  return fail(ErrorCode::unsupported, fmt::format("{} {} has no pods of its own: give podSelector",
                                                  workload.kind, workload.name));
}

bool is_ready(const Json& pod) {
  return kube::is_condition_true(pod, "Ready") && !kube::is_terminating(pod);
}

}  // namespace

Result<api::BackupStorage> find_storage(const World& world,
                                        const api::NamespacedReference& reference,
                                        const std::string& namespace_name) {
  auto storage =
      TRY(find_object<api::BackupStorage>(world.stores.storages, reference.key(namespace_name)));
  if (!api::may_use(storage, namespace_name)) {
    return fail(
        ErrorCode::permission_denied,
        fmt::format(
            "BackupStorage {} is not open to namespace {}: add it to spec.usage of the storage",
            storage.metadata.key().text(), namespace_name));
  }
  return storage;
}

Result<std::vector<api::BackupStorage>> storages_of(const World& world,
                                                    const api::BackupConfiguration& plan) {
  std::vector<api::BackupStorage> storages;
  for (const auto& entry : plan.spec.storages) {
    storages.push_back(TRY(find_storage(world, entry.storage, plan.metadata.namespace_name)));
  }
  if (!storages.empty()) return storages;
  for (const auto& object : world.stores.storages.all()) {
    auto storage = api::decode<api::BackupStorage>(*object);
    if (storage && storage->spec.is_default &&
        api::may_use(*storage, plan.metadata.namespace_name)) {
      storages.push_back(std::move(*storage));
    }
  }
  if (storages.size() == 1) return storages;
  return fail(ErrorCode::not_found,
              storages.empty()
                  ? "no default BackupStorage is open to this namespace: name one in spec.storages"
                  : "more than one default BackupStorage is open to this namespace: name one in "
                    "spec.storages");
}

Result<> check_ready(const api::BackupStorage& storage) {
  if (api::is_true(storage.status.conditions, api::condition::ready)) return {};
  const auto* ready = api::find_condition(storage.status.conditions, api::condition::ready);
  return fail(ErrorCode::unavailable,
              fmt::format("BackupStorage {} is not ready: {}", storage.metadata.key().text(),
                          ready == nullptr ? "not looked at yet" : ready->message));
}

Result<> check_namespace(const World& world, const std::string& from,
                         const std::string& namespace_name, api::GrantVerb verb) {
  if (from == namespace_name || from == world.settings.namespace_name) return {};
  for (const auto& object : world.stores.grants.in_namespace(namespace_name)) {
    auto grant = api::decode<api::BackupGrant>(*object);
    if (grant && opens_namespace(grant->spec, from, verb)) return {};
  }
  return fail(ErrorCode::permission_denied,
              fmt::format("namespace {} does not let {} in: make a BackupGrant there with verb {}",
                          namespace_name, from, names_of(verb)[static_cast<std::size_t>(verb)]));
}

Result<std::vector<api::ResolvedHook>> resolve_hooks(const World& world,
                                                     const std::vector<api::Hook>& hooks,
                                                     const std::string& namespace_name) {
  std::vector<api::ResolvedHook> resolved;
  for (const auto& hook : hooks) {
    std::optional<api::HookTemplate> hook_template;
    if (hook.template_reference) {
      auto key = hook.template_reference->key(namespace_name);
      TRY(check_namespace(world, namespace_name, key.namespace_name, api::GrantVerb::read));
      hook_template = TRY(find_object<api::HookTemplate>(world.stores.hook_templates, key));
    }
    resolved.push_back(TRY(api::resolve_hook(hook, hook_template ? &*hook_template : nullptr)));
  }
  return resolved;
}

Result<> ensure_default_account(World& world, const std::string& namespace_name,
                                std::stop_token stop) {
  if (namespace_name == world.settings.namespace_name) return {};
  kube::ObjectKey key{namespace_name, default_account};
  auto account = kube::make_object(kube::resources::service_accounts(), key);
  kube::set_label(account, api::label::managed_by, "dmaas");
  auto created = world.client.create(kube::resources::service_accounts(), account, {}, stop);
  if (!created && created.code() != ErrorCode::already_exists)
    return fail(std::move(created).error());
  auto binding = kube::make_object(kube::resources::role_bindings(), key);
  kube::set_label(binding, api::label::managed_by, "dmaas");
  auto& object = binding.as_object();
  object["roleRef"] = JsonObject{
      {"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "admin"}};
  object["subjects"] = JsonArray{JsonObject{
      {"kind", "ServiceAccount"}, {"name", default_account}, {"namespace", namespace_name}}};
  auto bound = world.client.create(kube::resources::role_bindings(), binding, {}, std::move(stop));
  if (!bound && bound.code() != ErrorCode::already_exists) return fail(std::move(bound).error());
  return {};
}

Result<std::vector<Json>> ready_pods_of(World& world, const api::BackupTarget& target,
                                        const std::string& namespace_name,
                                        const std::optional<api::LabelSelector>& selector,
                                        std::stop_token stop) {
  kube::ListOptions options{
      .namespace_name = target.namespaces.empty() ? namespace_name : target.namespaces.front()};
  if (target.workload) {
    options.label_selector =
        TRY(selector_of(world, *target.workload, options.namespace_name, stop)).text();
  } else if (target.selector) {
    options.label_selector = api::to_kube(*target.selector).text();
  } else if (!target.helm_release.empty()) {
    options.label_selector = "app.kubernetes.io/instance=" + target.helm_release;
  }
  auto wanted = selector ? api::to_kube(*selector) : kube::LabelSelector();
  std::vector<Json> ready;
  for (auto& pod :
       TRY(kube::list_all(world.client, kube::resources::pods(), options, std::move(stop)))) {
    bool is_mover = !kube::label_of(pod, api::label::part).empty();
    if (!is_mover && is_ready(pod) && wanted.matches(kube::labels_of(pod)))
      ready.push_back(std::move(pod));
  }
  std::ranges::sort(ready, {}, [](const Json& pod) { return kube::name_of(pod); });
  return ready;
}

}  // namespace dmaas::controller
