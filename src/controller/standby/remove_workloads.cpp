#include "controller/standby/remove_workloads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/labels.hpp"
#include "applications/object_id.hpp"
#include "controller/accounts.hpp"
#include "controller/standby/standby_session.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource claims = kube::resources::persistent_volume_claims();

struct Scene {
  World& world;
  kube::Client& account;
};

bool is_owned_by(const Json& object, const std::string& uid) {
  return std::ranges::any_of(items_at(object, "metadata", "ownerReferences"),
                             [&](const Json& owner) { return text_at(owner, "uid") == uid; });
}

/// A StatefulSet may take its claims with it when it goes: first it lets them go. True once it has.
Result<bool> keep_claims(const Scene& scene, const kube::Resource& resource, const Json& set,
                         std::stop_token stop) {
  if (resource.kind != "StatefulSet") return true;
  constexpr const char* policy = "persistentVolumeClaimRetentionPolicy";
  if (text_at(set, "spec", policy, "whenDeleted") == "Delete") {
    Json patch = JsonObject{{"spec", {{policy, JsonObject{{"whenDeleted", "Retain"}}}}}};
    TRY(scene.account.patch(resource, kube::key_of(set), {kube::PatchKind::merge, std::move(patch)},
                            {}, stop));
    return false;
  }
  kube::ListOptions options{.namespace_name = kube::namespace_of(set)};
  for (const auto& claim : TRY(kube::list_all(scene.world.client, claims, options, stop)))
    if (is_owned_by(claim, kube::uid_of(set))) return false;
  return true;
}

/// What is waited for.
Result<std::string> remove_one(const Scene& scene, const kube::Resource& resource,
                               const Json& object, std::stop_token stop) {
  auto waiting = fmt::format("waiting until {} has ended", kube::describe(object));
  if (kube::is_terminating(object)) return waiting;
  if (!TRY(keep_claims(scene, resource, object, stop)))
    return fmt::format("waiting until {} has let its claims go", kube::describe(object));
  kube::RemoveOptions options;
  options.propagation = kube::Propagation::foreground;
  options.uid = kube::uid_of(object);
  TRY(kube::ensure_removed(scene.account, resource, kube::key_of(object), options, stop));
  return waiting;
}

}  // namespace

bool is_removed_by_deactivation(const kube::Resource& resource) {
  constexpr std::array<std::string_view, 8> kinds = {
      "Pod",        "StatefulSet",           "DaemonSet", "Deployment",
      "ReplicaSet", "ReplicationController", "Job",       "CronJob"};
  if (!resource.namespaced) return false;
  if (!applications::is_built_in_group(resource.group)) return true;
  return std::ranges::find(kinds, resource.kind) != kinds.end();
}

Result<std::string> remove_workloads(World& world, const api::Standby& standby,
                                     std::stop_token stop) {
  auto session = standby_session(standby, api::StandbyTask::activation, nullptr);
  auto account = world.client.impersonating(impersonated(restore_account(world, session)));
  Scene scene{world, *account};
  kube::ListOptions options{.label_selector =
                                fmt::format("{}={}", api::label::standby, standby.metadata.uid)};
  auto discovery = TRY(world.client.discover(stop));
  std::string waiting;
  for (const auto* served : discovery.preferred()) {
    const auto& resource = served->resource;
    bool is_ours = resource.group == api::group_name;
    if (is_ours || !is_removed_by_deactivation(resource) || !served->allows("delete")) continue;
    for (const auto& object : TRY(kube::list_all(world.client, resource, options, stop))) {
      auto reason = TRY(remove_one(scene, resource, object, stop).context(kube::describe(object)));
      if (waiting.empty()) waiting = std::move(reason);
    }
  }
  return waiting;
}

}  // namespace dmaas::controller
