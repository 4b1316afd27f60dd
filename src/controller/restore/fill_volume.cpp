#include "controller/restore/fill_volume.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "controller/mover_pod.hpp"
#include "controller/restore/restore_plan_store.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource claims = kube::resources::persistent_volume_claims();
const kube::Resource volumes = kube::resources::persistent_volumes();
/// Remembers the reclaim policy that the volume came with.
constexpr std::string_view policy_annotation = "dmaas.io/reclaim-policy";

bool is_reserved_for(const Json& volume, const kube::ObjectKey& claim) {
  return text_at(volume, "spec", "claimRef", "namespace") == claim.namespace_name &&
         text_at(volume, "spec", "claimRef", "name") == claim.name;
}

Result<> patch_volume(World& world, const Json& volume, Json patch, std::stop_token stop) {
  TRY(world.client.patch(volumes, kube::key_of(volume), {kube::PatchKind::merge, std::move(patch)},
                         {}, std::move(stop)));
  return {};
}

Result<> keep_when_released(World& world, const Json& volume, std::stop_token stop) {
  auto policy = text_at(volume, "spec", "persistentVolumeReclaimPolicy");
  if (!kube::annotation_of(volume, policy_annotation).empty()) return {};
  Json patch = JsonObject{{"metadata", {{"annotations", JsonObject{{policy_annotation, policy}}}}},
                          {"spec", {{"persistentVolumeReclaimPolicy", "Retain"}}}};
  return patch_volume(world, volume, std::move(patch), std::move(stop));
}

Result<> reserve(World& world, const Json& volume, const RebindRequest& request,
                 const kube::ObjectKey& target, std::stop_token stop) {
  // The test keeps a volume that somebody else has taken meanwhile from being taken away.
  JsonArray patch{
      JsonObject{
          {"op", "test"}, {"path", "/spec/claimRef/name"}, {"value", request.fill_claim.name}},
      JsonObject{{"op", "replace"},
                 {"path", "/spec/claimRef"},
                 {"value",
                  {{"apiVersion", "v1"},
                   {"kind", "PersistentVolumeClaim"},
                   {"namespace", target.namespace_name},
                   {"name", target.name}}}}};
  TRY(world.client.patch(volumes, kube::key_of(volume), {kube::PatchKind::json, std::move(patch)},
                         {}, std::move(stop)));
  return {};
}

Result<> create_claim(World& world, const api::PlannedVolume& planned, const RebindRequest& request,
                      std::stop_token stop) {
  Json claim = planned.manifest;
  ensure_object(claim, "spec")["volumeName"] = request.persistent_volume;
  auto client = world.client.impersonating(request.account);
  return kube::ensure_created(*client, claims, claim, std::move(stop));
}

/// Merge patch of metadata and spec.
Json own_policy_again(const std::string& policy) {
  return JsonObject{{"metadata", {{"annotations", JsonObject{{policy_annotation, nullptr}}}}},
                    {"spec", {{"persistentVolumeReclaimPolicy", policy}}}};
}

Result<> restore_policy(World& world, const Json& volume, std::stop_token stop) {
  auto policy = kube::annotation_of(volume, policy_annotation);
  if (policy.empty()) return {};
  return patch_volume(world, volume, own_policy_again(policy), std::move(stop));
}

/// A claim that is gone, by its uid, makes Kubernetes reclaim the volume; one that was never there
/// would keep the volume waiting for it.
Result<> release(World& world, const Json& volume, const GivenUpVolume& given_up,
                 std::stop_token stop) {
  JsonArray patch{
      JsonObject{{"op", "test"}, {"path", "/spec/claimRef/name"}, {"value", given_up.target.name}},
      JsonObject{{"op", "replace"},
                 {"path", "/spec/claimRef"},
                 {"value",
                  {{"apiVersion", "v1"},
                   {"kind", "PersistentVolumeClaim"},
                   {"namespace", given_up.fill_claim.namespace_name},
                   {"name", given_up.fill_claim.name},
                   {"uid", given_up.session_uid}}}}};
  TRY(world.client.patch(volumes, kube::key_of(volume), {kube::PatchKind::json, std::move(patch)},
                         {}, std::move(stop)));
  return {};
}

}  // namespace

Result<api::PlannedVolume> find_planned(const api::RestoreReport& plan,
                                        const api::RestoredVolume& volume) {
  auto found = std::ranges::find_if(plan.volumes, [&](const auto& candidate) {
    return candidate.claim == volume.claim && candidate.namespace_name == volume.namespace_name;
  });
  if (found != plan.volumes.end()) return *found;
  return fail(ErrorCode::internal, "claim " + volume.claim + " is not in the plan");
}

Result<api::OrderVolume> volume_order(World& world, const api::RestoreSession& session,
                                      const api::RestoredVolume& volume, std::stop_token stop) {
  auto order = volume_of(volume.volume_mode);
  order.verify_files = session.spec.verify_files;
  if (volume.in_place) {
    order.extra_files = session.spec.in_place->extra_files;
    // A mover that was lost may have left anything.
    order.compare =
        volume.attempts > 1 ? api::FileComparison::content : session.spec.in_place->compare;
  }
  if (session.spec.what.files.empty()) return order;
  auto plan = TRY(load_restore_plan(world, session, std::move(stop)));
  order.files = TRY(find_planned(plan, volume)).files;
  return order;
}

Json fill_claim(const api::PlannedVolume& volume, const kube::ObjectKey& key,
                const std::string& session_uid) {
  auto claim = kube::make_object(claims, key);
  kube::set_label(claim, api::label::managed_by, "dmaas");
  kube::set_label(claim, api::label::part, "fill");
  kube::set_label(claim, api::label::session_uid, session_uid);
  const Json* wanted = volume.manifest.if_contains("spec");
  auto spec = wanted != nullptr && wanted->is_object() ? wanted->get_object() : JsonObject{};
  for (auto name : {"volumeName", "dataSource", "dataSourceRef", "selector"}) spec.erase(name);
  claim.as_object()["spec"] = std::move(spec);
  return claim;
}

Result<Rebinding> step_rebinding(World& world, const api::PlannedVolume& planned,
                                 const RebindRequest& request, std::stop_token stop) {
  kube::ObjectKey target{planned.namespace_name, planned.claim};
  auto volume = TRY(world.client.get(volumes, {"", request.persistent_volume}, stop));
  if (!is_reserved_for(volume, target)) {
    TRY(keep_when_released(world, volume, stop));
    auto fill = world.client.get(claims, request.fill_claim, stop);
    if (fill) {
      TRY(kube::ensure_removed(world.client, claims, request.fill_claim, {}, stop));
      return Rebinding::under_way;
    }
    if (fill.code() != ErrorCode::not_found) return fail(std::move(fill).error());
    TRY(reserve(world, volume, request, target, stop));
    return Rebinding::under_way;
  }
  // A claim that Kubernetes looks at before it knows the reservation is looked at again 15 s later.
  if (text_at(volume, "status", "phase") == "Released") return Rebinding::under_way;
  TRY(create_claim(world, planned, request, stop));
  auto claim = TRY(world.client.get(claims, target, stop));
  auto bound_to = text_at(claim, "spec", "volumeName");
  if (!bound_to.empty() && bound_to != request.persistent_volume) {
    return fail(ErrorCode::already_exists,
                fmt::format("claim {} exists and is bound to another volume: delete it, or restore "
                            "with another name prefix "
                            "or into another namespace",
                            target.text()));
  }
  if (text_at(claim, "status", "phase") != "Bound") return Rebinding::under_way;
  TRY(restore_policy(world, volume, stop));
  return Rebinding::done;
}

Result<> give_up_volume(World& world, const GivenUpVolume& given_up, std::stop_token stop) {
  auto volume = world.client.get(volumes, {"", given_up.persistent_volume}, stop);
  if (volume.failed_with(ErrorCode::not_found)) return {};
  if (!volume) return fail(std::move(volume).error());
  if (is_reserved_for(*volume, given_up.target)) {
    auto claim = world.client.get(claims, given_up.target, stop);
    if (!claim && claim.code() != ErrorCode::not_found) return fail(std::move(claim).error());
    bool is_held = claim && text_at(*claim, "spec", "volumeName") == given_up.persistent_volume;
    if (!is_held) TRY(release(world, *volume, given_up, stop));
  }
  return restore_policy(world, *volume, std::move(stop));
}

Result<std::string> volume_behind(World& world, const kube::ObjectKey& key, std::stop_token stop) {
  auto claim = TRY(world.client.get(claims, key, std::move(stop)));
  return text_at(claim, "status", "phase") == "Bound" ? text_at(claim, "spec", "volumeName")
                                                      : std::string();
}

}  // namespace dmaas::controller
