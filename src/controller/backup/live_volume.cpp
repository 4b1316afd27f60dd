#include "controller/backup/live_volume.hpp"

#include "api/labels.hpp"
#include "applications/volume_method.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const kube::Resource claims = kube::resources::persistent_volume_claims();
const kube::Resource volumes = kube::resources::persistent_volumes();
const kube::Resource drivers{.group = "storage.k8s.io",
                             .version = "v1",
                             .plural = "csidrivers",
                             .kind = "CSIDriver",
                             .namespaced = false};

bool mounts(const Json& pod, const std::string& claim) {
  for (const auto& volume : items_at(pod, "spec", "volumes")) {
    if (text_at(volume, "persistentVolumeClaim", "claimName") == claim) return true;
    bool is_ephemeral = find(volume, "ephemeral") != nullptr;
    if (is_ephemeral && kube::name_of(pod) + "-" + text_at(volume, "name") == claim) return true;
  }
  return false;
}

Result<std::vector<applications::ClaimUser>> users_of(World& world, const kube::ObjectKey& claim,
                                                      std::stop_token stop) {
  std::vector<applications::ClaimUser> users;
  auto add = [&](Json pod) -> Result<> {
    auto phase = text_at(pod, "status", "phase");
    bool lives = phase == "Running" || phase == "Pending";
    bool is_mover = !kube::label_of(pod, api::label::part).empty();
    if (lives && !is_mover && mounts(pod, claim.name)) {
      users.push_back({kube::name_of(pod), kube::uid_of(pod), text_at(pod, "spec", "nodeName")});
    }
    return {};
  };
  kube::ListOptions options{.namespace_name = claim.namespace_name,
                            .on_restart = [&] { users.clear(); }};
  TRY(world.client.list(kube::resources::pods(), options, add, std::move(stop)));
  return users;
}

/// Whether Kubernetes has looked at a new volume.
bool is_known(const Json& volume) {
  auto phase = text_at(volume, "status", "phase");
  return phase == "Available" || phase == "Bound";
}

/// Kubernetes has bound the volume and missed to bind the claim, which it would look at again 15 s
/// later, while the application may be held still. It looks at once when the claim changes.
Result<> nudge(World& world, const Json& volume, const Json& claim, std::stop_token stop) {
  if (text_at(volume, "status", "phase") != "Bound") return {};
  auto version = text_at(volume, "metadata", "resourceVersion");
  if (kube::annotation_of(claim, api::annotation::volume_version) == version) return {};
  JsonObject annotations{{api::annotation::volume_version, version}};
  Json patch = JsonObject{{"metadata", {{"annotations", std::move(annotations)}}}};
  TRY(world.client.patch(claims, kube::key_of(claim), {kube::PatchKind::merge, std::move(patch)},
                         {}, std::move(stop)));
  return {};
}

}  // namespace

Result<applications::Claim> load_claim(World& world, const kube::ObjectKey& key,
                                       std::stop_token stop) {
  auto claim = TRY(world.client.get(claims, key, stop));
  std::optional<Json> volume;
  std::optional<Json> driver;
  if (auto name = text_at(claim, "spec", "volumeName"); !name.empty()) {
    volume = TRY(world.client.get(volumes, {"", name}, stop));
    if (auto driver_name = text_at(*volume, "spec", "csi", "driver"); !driver_name.empty()) {
      auto found = world.client.get(drivers, {"", driver_name}, stop);
      if (found) driver = std::move(*found);
    }
  }
  auto described =
      applications::describe_claim(claim, volume ? &*volume : nullptr, driver ? &*driver : nullptr);
  described.users = TRY(users_of(world, key, std::move(stop)));
  return described;
}

Result<std::string> mount_live_volume(World& world, const applications::Claim& claim,
                                      const std::string& twin, MoverPod& pod,
                                      std::stop_token stop) {
  if (!claim.is_bound())
    return fail(ErrorCode::conflict, "claim " + claim.key.text() + " is not bound any more");
  auto choice = applications::choose_mount(claim);
  pod.node = choice.node;
  pod.volume_mode = api::volume_mode_of(claim.volume_mode);
  switch (choice.place) {
    case applications::MountPlace::impossible:
      return fail(ErrorCode::unsupported, choice.reason);
    case applications::MountPlace::application_namespace:
      pod.key.namespace_name = claim.key.namespace_name;
      pod.service_account = "default";
      pod.claim = claim.key.name;
      return std::string();
    case applications::MountPlace::system_namespace:
      break;
  }
  applications::TwinPlace place{.namespace_name = world.settings.namespace_name, .name = twin};
  if (pod.rights == MoverRights::restore) place.access = applications::TwinAccess::read_write;
  place.labels = {{std::string(api::label::managed_by), "dmaas"},
                  {std::string(api::label::part), "twin"},
                  {std::string(api::label::session_uid), pod.session.uid}};
  pod.claim = twin;
  const std::string being_bound = "its volume is being bound";
  TRY(kube::ensure_created(world.client, volumes, applications::twin_volume(claim, place), stop));
  // A claim that Kubernetes looks at before it knows the volume is looked at again 15 s later.
  auto volume = TRY(world.client.get(volumes, {"", twin}, stop));
  if (!is_known(volume)) return being_bound;
  TRY(kube::ensure_created(world.client, claims, applications::twin_claim(claim, place), stop));
  auto made = TRY(world.client.get(claims, {place.namespace_name, twin}, stop));
  if (text_at(made, "status", "phase") == "Bound") return std::string();
  TRY(nudge(world, volume, made, std::move(stop)));
  return being_bound;
}

Result<> remove_twin(World& world, const std::string& twin, std::stop_token stop) {
  TRY(kube::ensure_removed(world.client, claims, {world.settings.namespace_name, twin}, {}, stop));
  return kube::ensure_removed(world.client, volumes, {"", twin}, {}, stop);
}

}  // namespace dmaas::controller
