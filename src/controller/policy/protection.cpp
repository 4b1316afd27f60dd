#include "controller/policy/protection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "api/backup_policy.hpp"
#include "api/labels.hpp"
#include "applications/selection.hpp"
#include "controller/policy/protected_condition.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::array<std::string_view, 3> states{"Failed", "Pending", "Ready"};  // the worst first

/// What passes by itself when the missing thing comes.
bool is_pending(std::string_view reason) {
  return reason == api::reason::reference_missing || reason == api::reason::unreachable ||
         reason == api::reason::paused;
}

api::ObjectReference namespace_reference(const std::string& name) {
  return {.api_version = "v1", .kind = "Namespace", .name = name};
}

/// By plans of the target's and the system namespace but `without`, as the local copies show them.
/// Plans elsewhere that a grant lets in are not asked: that would be all plans for each.
std::vector<Protection> protections_by_others(const World& world, const kube::Resource& resource,
                                              const kube::ObjectKey& target,
                                              const api::BackupConfiguration& without) {
  std::vector<Protection> found;
  const auto& own = resource.namespaced ? target.namespace_name : target.name;
  for (const auto& place : std::set{own, world.settings.namespace_name}) {
    for (const auto& object : world.stores.plans.in_namespace(place)) {
      auto plan = api::decode<api::BackupConfiguration>(*object);
      if (!plan || plan->metadata.uid == without.metadata.uid || plan->metadata.deletion_time)
        continue;
      if (names(*plan, resource, target)) found.push_back(protection_of(*plan));
    }
  }
  return found;
}

/// `own`: what the plan itself adds to what others say; nothing when it does not name it any more.
Result<> show(World& world, const api::BackupConfiguration& plan,
              const api::ObjectReference& target, const std::optional<Protection>& own,
              std::stop_token stop) {
  auto shown = [&]() -> Result<> {
    auto resource = TRY(resource_of(world, target, stop));
    kube::ObjectKey key{resource.namespaced ? target.namespace_name : "", target.name};
    auto all = protections_by_others(world, resource, key, plan);
    if (own) all.push_back(*own);
    return write_protection(world, resource, key, worst_of(std::move(all)), stop);
  }();
  bool is_no_matter =
      shown.failed_with(ErrorCode::not_found) || shown.failed_with(ErrorCode::permission_denied);
  return is_no_matter ? Result<>() : shown;
}

}  // namespace

bool is_silent(const api::BackupConfiguration& plan) {
  auto found = plan.metadata.labels.find(std::string(api::label::enforcement));
  return found != plan.metadata.labels.end() && found->second == name_of(api::Enforcement::silent);
}

Protection protection_of(const api::BackupConfiguration& plan) {
  const auto* ready = api::find_condition(plan.status.conditions, api::condition::ready);
  auto text = [&](std::string_view message) {
    return fmt::format("plan {}: {}", plan.metadata.key().text(), message);
  };
  if (ready == nullptr) return {"Pending", text("not looked at yet")};
  if (ready->status == api::ConditionStatus::yes) return {"Ready", text(ready->message)};
  return {is_pending(ready->reason) ? "Pending" : "Failed", text(ready->message)};
}

Protection worst_of(std::vector<Protection> all) {
  if (all.empty()) return {};
  return *std::ranges::min_element(all, {}, [](const Protection& protection) {
    return std::pair(std::ranges::find(states, protection.state), protection.message);
  });
}

std::vector<api::ObjectReference> named_targets(const api::BackupConfiguration& plan) {
  std::vector<api::ObjectReference> named;
  if (is_silent(plan)) return named;
  for (const auto& target : plan.spec.targets) {
    auto namespaces = api::namespaces_of(target, plan.metadata.namespace_name);
    for (const auto& name : namespaces) {
      if (target.all_objects) named.push_back(namespace_reference(name));
      if (!target.workload) continue;
      auto reference = *target.workload;
      reference.namespace_name = name;
      named.push_back(std::move(reference));
    }
  }
  return named;
}

bool names(const api::BackupConfiguration& plan, const kube::Resource& resource,
           const kube::ObjectKey& target) {
  return std::ranges::any_of(named_targets(plan), [&](const api::ObjectReference& named) {
    kube::ObjectKey key{resource.namespaced ? named.namespace_name : "", named.name};
    return key == target && applications::names_kind(named.kind, resource);
  });
}

Result<kube::Resource> resource_of(World& world, const api::ObjectReference& target,
                                   std::stop_token stop) {
  for (const auto& known : {kube::resources::namespaces(), kube::resources::deployments(),
                            kube::resources::stateful_sets(), kube::resources::daemon_sets()}) {
    bool is_version = target.api_version.empty() || target.api_version == known.api_version();
    if (is_version && applications::names_kind(target.kind, known)) return known;
  }
  auto discovery = TRY(world.client.discover(std::move(stop)));
  const auto* served = target.api_version.empty() ? discovery.find_name(target.kind)
                                                  : discovery.find(target.api_version, target.kind);
  if (served != nullptr) return served->resource;
  return fail(ErrorCode::not_found, "the cluster does not serve " + target.kind + " (yet)");
}

Result<> write_protection(World& world, const kube::Resource& resource, const kube::ObjectKey& key,
                          const Protection& protection, std::stop_token stop) {
  auto object = TRY(world.client.get(resource, key, stop));
  Protection shown{kube::annotation_of(object, api::annotation::protection),
                   kube::annotation_of(object, api::annotation::protection_message)};
  if (kube::is_terminating(object)) return {};
  bool is_news = shown != protection;
  // First: the annotations tell that it has been tried.
  TRY(show_condition(world, resource, object, protection,
                     is_news ? Occasion::news : Occasion::another_look, stop));
  if (!is_news) return {};
  auto applied = kube::make_object(resource, key);
  // Only over this very object: server-side apply would make one that is gone.
  ensure_object(applied, "metadata")["uid"] = kube::uid_of(object);
  if (!protection.state.empty()) {
    kube::set_annotation(applied, api::annotation::protection, protection.state);
    kube::set_annotation(applied, api::annotation::protection_message, protection.message);
  }
  kube::WriteOptions options;
  options.field_manager = std::string(api::protection_field_manager);
  auto written = world.client.apply(resource, applied, options, std::move(stop));
  if (written || written.failed_with(ErrorCode::conflict)) return {};
  return fail(std::move(written).error());
}

Result<> show_protection(World& world, api::BackupConfiguration& plan, std::stop_token stop) {
  auto named = named_targets(plan);
  for (const auto& target : plan.status.shown_on) {
    if (std::ranges::count(named, target) == 0) TRY(show(world, plan, target, std::nullopt, stop));
  }
  for (const auto& target : named) TRY(show(world, plan, target, protection_of(plan), stop));
  plan.status.shown_on = std::move(named);
  return {};
}

Result<> hide_protection(World& world, const api::BackupConfiguration& plan, std::stop_token stop) {
  for (const auto& target : plan.status.shown_on)
    TRY(show(world, plan, target, std::nullopt, stop));
  return {};
}

}  // namespace dmaas::controller
