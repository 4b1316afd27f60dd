#include "controller/references.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/hook_template.hpp"
#include "api/labels.hpp"
#include "controller/movers.hpp"
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
  auto group = kube::parse_api_version(workload.api_version).group;
  for (const auto& resource : {kube::resources::stateful_sets(), kube::resources::deployments(),
                               kube::resources::daemon_sets()}) {
    if (resource.kind != workload.kind || (!group.empty() && group != resource.group)) continue;
    auto object = TRY(world.client.get(resource, {namespace_name, workload.name}, stop));
    const Json* selector = find(object, "spec", "selector");
    return kube::LabelSelector::from_json(selector == nullptr ? Json(JsonObject{}) : *selector);
  }
  return fail(ErrorCode::unsupported, fmt::format("{} {} has no pods of its own: give podSelector",
                                                  workload.kind, workload.name));
}

/// The default storages in a namespace that another one may use.
std::vector<api::BackupStorage> default_storages(const World& world, const std::string& in,
                                                 const std::string& used_by) {
  std::vector<api::BackupStorage> storages;
  for (const auto& object : world.stores.storages.in_namespace(in)) {
    auto storage = api::decode<api::BackupStorage>(*object);
    if (storage && storage->spec.is_default && api::may_use(*storage, used_by))
      storages.push_back(std::move(*storage));
  }
  return storages;
}

/// The label selector of all pods of a target, as the API takes it. A workload whose pods an
/// operator makes tells nothing of them: then `selector` alone has to.
Result<std::string> pod_labels_of(World& world, const api::BackupTarget& target,
                                  const std::string& namespace_name,
                                  const std::optional<api::LabelSelector>& selector,
                                  std::stop_token stop) {
  if (target.workload) {
    auto found = selector_of(world, *target.workload, namespace_name, std::move(stop));
    if (found.failed_with(ErrorCode::unsupported) && selector) return std::string();
    return TRY(found).text();
  }
  if (target.selector) return api::to_kube(*target.selector).text();
  if (!target.helm_release.empty()) return "app.kubernetes.io/instance=" + target.helm_release;
  return std::string();
}

}  // namespace

bool is_ready_pod(const Json& pod) {
  return kube::is_condition_true(pod, "Ready") && !kube::is_terminating(pod);
}

bool is_running(const Json& pod, std::string_view container) {
  const auto& containers = items_at(pod, "status", "containerStatuses");
  return !kube::is_terminating(pod) && std::ranges::any_of(containers, [&](const Json& status) {
    return text_at(status, "name") == container && find(status, "state", "running") != nullptr;
  });
}

std::string container_for(const api::ResolvedHook& hook, const Json& pod) {
  if (!hook.exec.container.empty()) return hook.exec.container;
  return text_at(items_at(pod, "spec", "containers").at(0), "name");
}

api::Surroundings surroundings(const World& world, const std::string& namespace_name) {
  return {.namespace_name = namespace_name,
          .system_namespace = world.settings.namespace_name,
          .cluster = world.settings.cluster_name};
}

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

Result<api::BackupStorage> storage_holding(const World& world, const api::Repository& repository) {
  auto key = api::storage_of(repository);
  return find_storage(world, {key.name, key.namespace_name}, repository.metadata.namespace_name);
}

Result<std::vector<api::BackupStorage>> storages_of(const World& world,
                                                    const api::BackupConfiguration& plan) {
  std::vector<api::BackupStorage> storages;
  for (const auto& entry : plan.spec.storages) {
    storages.push_back(TRY(find_storage(world, entry.storage, plan.metadata.namespace_name)));
  }
  if (!storages.empty()) return storages;
  // Never another tenant's: who owns the storage has its recovery password.
  storages = default_storages(world, plan.metadata.namespace_name, plan.metadata.namespace_name);
  if (storages.empty()) {
    storages = default_storages(world, world.settings.namespace_name, plan.metadata.namespace_name);
  }
  if (storages.size() == 1) return storages;
  return fail(ErrorCode::not_found,
              storages.empty()
                  ? "no default BackupStorage is open to this namespace: name one in spec.storages"
                  : "more than one default BackupStorage is open to this namespace: name one in "
                    "spec.storages");
}

Result<std::vector<api::BackupStorage>> written_storages_of(const World& world,
                                                            const api::BackupConfiguration& plan) {
  const auto& staging = plan.spec.stage_and_verify_first;
  if (!staging) return storages_of(world, plan);
  return std::vector{TRY(find_storage(world, staging->storage, plan.metadata.namespace_name))};
}

Result<std::vector<api::BackupStorage>> all_storages_of(const World& world,
                                                        const api::BackupConfiguration& plan) {
  auto storages = TRY(storages_of(world, plan));
  if (plan.spec.stage_and_verify_first) {
    for (auto& stage : TRY(written_storages_of(world, plan))) storages.push_back(std::move(stage));
  }
  return storages;
}

Result<> check_ready(const api::BackupStorage& storage) {
  if (api::is_true(storage.status.conditions, api::condition::ready)) return {};
  const auto* ready = api::find_condition(storage.status.conditions, api::condition::ready);
  return fail(ErrorCode::unavailable,
              fmt::format("BackupStorage {} is not ready: {}", storage.metadata.key().text(),
                          ready == nullptr ? "not looked at yet" : ready->message));
}

Result<> check_any_ready(const std::vector<api::BackupStorage>& storages) {
  Result<> first;
  for (const auto& storage : storages) {
    auto ready = check_ready(storage);
    if (ready) return {};
    if (first) first = std::move(ready);
  }
  return first;
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

Result<> check_targets(const World& world, const api::BackupConfiguration& plan) {
  const auto& own = plan.metadata.namespace_name;
  for (const auto& target : plan.spec.targets) {
    for (const auto& ns : api::namespaces_of(target, own)) {
      TRY(check_namespace(world, own, ns, api::GrantVerb::backup));
      bool is_foreign = ns != own && own != world.settings.namespace_name;
      if (is_foreign && !target.dumps.empty()) {
        return fail(ErrorCode::permission_denied,
                    fmt::format("target {} runs commands in namespace {}, which no grant allows: "
                                "make a plan with its dumps there",
                                target.name, ns));
      }
    }
  }
  return {};
}

Result<> check_repository(const World& world, const std::string& from,
                          const kube::ObjectKey& repository) {
  const auto& giver = repository.namespace_name;
  if (from == giver || from == world.settings.namespace_name) return {};
  api::GrantRequest request;
  request.verb = api::GrantVerb::read;
  request.from_namespace = from;
  request.repository = repository.name;
  for (const auto& object : world.stores.grants.in_namespace(giver)) {
    auto grant = api::decode<api::BackupGrant>(*object);
    if (grant && api::allows(grant->spec, request)) return {};
  }
  return fail(ErrorCode::permission_denied,
              fmt::format("namespace {} does not let {} read repository {}: make a BackupGrant "
                          "there with verb read that names it",
                          giver, from, repository.name));
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

Result<std::vector<Json>> pods_of(World& world, const api::BackupTarget& target,
                                  const std::string& namespace_name,
                                  const std::optional<api::LabelSelector>& selector,
                                  std::stop_token stop) {
  kube::ListOptions options{.namespace_name = api::namespaces_of(target, namespace_name).front()};
  options.label_selector =
      TRY(pod_labels_of(world, target, options.namespace_name, selector, stop));
  auto wanted = selector ? api::to_kube(*selector) : kube::LabelSelector();
  std::vector<Json> pods;
  for (auto& pod :
       TRY(kube::list_all(world.client, kube::resources::pods(), options, std::move(stop)))) {
    bool is_mover = !kube::label_of(pod, api::label::part).empty();
    bool is_over = has_ended(pod) || kube::is_terminating(pod);
    if (!is_mover && !is_over && wanted.matches(kube::labels_of(pod)))
      pods.push_back(std::move(pod));
  }
  std::ranges::sort(pods, {}, [](const Json& pod) { return kube::name_of(pod); });
  return pods;
}

Result<std::vector<Json>> ready_pods_of(World& world, const api::BackupTarget& target,
                                        const std::string& namespace_name,
                                        const std::optional<api::LabelSelector>& selector,
                                        std::stop_token stop) {
  auto pods = TRY(pods_of(world, target, namespace_name, selector, std::move(stop)));
  std::erase_if(pods, [](const Json& pod) { return !is_ready_pod(pod); });
  return pods;
}

}  // namespace dmaas::controller
