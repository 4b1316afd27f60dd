#include "applications/volume_method.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kube/object/object.hpp"
#include "kube/object/resource.hpp"

namespace dmaas::applications {
namespace {

/// Sources that a second volume may name too, because mounting them twice on a machine is what they
/// are made for.
constexpr std::array<std::string_view, 4> twin_sources = {"csi", "hostPath", "local", "nfs"};

std::string_view source_of(const Claim& claim) {
  for (const auto source : twin_sources) {
    if (find(claim.volume, "spec", source) != nullptr) return source;
  }
  return {};
}

bool is_single_pod(const Claim& claim) {
  return std::ranges::find(claim.access_modes, "ReadWriteOncePod") != claim.access_modes.end();
}

MountChoice impossible(std::string reason) {
  return {MountPlace::impossible, std::move(reason), {}};
}

MountChoice choose_in_application_namespace(const Claim& claim, const std::string& node,
                                            std::string reason) {
  if (is_single_pod(claim) && !claim.users.empty()) {
    return impossible(
        fmt::format("{}, and only pod {} may use it (ReadWriteOncePod): stop the pod or use a "
                    "driver with snapshots",
                    reason, claim.users.front().pod));
  }
  return {MountPlace::application_namespace, std::move(reason), node};
}

std::string attach_reason(const Claim& claim) {
  if (claim.attach == AttachRequirement::required) {
    return fmt::format("driver {} attaches volumes to one machine", claim.driver);
  }
  return fmt::format("whether driver {} attaches volumes is not known", claim.driver);
}

Json names_of(const kube::Resource& resource, const kube::ObjectKey& key, const TwinPlace& place) {
  Json object = kube::make_object(resource, key);
  for (const auto& [label, value] : place.labels) kube::set_label(object, label, value);
  return object;
}

void copy_field(const Json& from, JsonObject& to, std::string_view key) {
  if (const Json* value = find(from, "spec", key)) to[key] = *value;
}

Json twin_source(const Claim& claim, std::string_view source, TwinAccess access) {
  Json copy = *find(claim.volume, "spec", source);
  if (access == TwinAccess::read_only && (source == "csi" || source == "nfs"))
    copy.as_object()["readOnly"] = true;
  // A directory that is not there must be an error, not an empty volume.
  if (source == "hostPath") copy.as_object()["type"] = "Directory";
  return copy;
}

}  // namespace

MountChoice choose_mount(const Claim& claim) {
  if (!claim.is_bound()) {
    const std::string phase = claim.phase.empty() ? "Pending" : claim.phase;
    return impossible(
        fmt::format("the claim is {}, not Bound: there is nothing to read yet", phase));
  }
  const auto used =
      std::ranges::find_if(claim.users, [](const ClaimUser& user) { return !user.node.empty(); });
  const std::string node = used == claim.users.end() ? "" : used->node;
  const std::string_view source = source_of(claim);
  if (source.empty()) {
    return choose_in_application_namespace(
        claim, node, "a second volume for this kind of source is not known to be safe");
  }
  if (source == "csi" && claim.attach != AttachRequirement::none) {
    return choose_in_application_namespace(claim, node, attach_reason(claim));
  }
  if (source == "hostPath" && node.empty() &&
      find(claim.volume, "spec", "nodeAffinity") == nullptr) {
    return impossible(
        "nothing says on which machine the directory is: start a pod that uses the claim");
  }
  return {MountPlace::system_namespace,
          fmt::format("a second volume for the same {} source", source), node};
}

Json twin_volume(const Claim& claim, const TwinPlace& place) {
  Json twin = names_of(kube::resources::persistent_volumes(), {"", place.name}, place);
  JsonObject& spec = ensure_object(twin, "spec");
  for (std::string_view key :
       {"capacity", "accessModes", "volumeMode", "mountOptions", "nodeAffinity"}) {
    copy_field(claim.volume, spec, key);
  }
  const std::string_view source = source_of(claim);
  ENSURE(!source.empty());
  spec[source] = twin_source(claim, source, place.access);
  spec["persistentVolumeReclaimPolicy"] = "Retain";
  spec["storageClassName"] = "";
  spec["claimRef"] = JsonObject{{"apiVersion", "v1"},
                                {"kind", "PersistentVolumeClaim"},
                                {"namespace", place.namespace_name},
                                {"name", place.name}};
  return twin;
}

Json twin_claim(const Claim& claim, const TwinPlace& place) {
  Json twin = names_of(kube::resources::persistent_volume_claims(),
                       {place.namespace_name, place.name}, place);
  JsonObject& spec = ensure_object(twin, "spec");
  for (std::string_view key : {"accessModes", "volumeMode"}) copy_field(claim.volume, spec, key);
  spec["storageClassName"] = "";
  spec["volumeName"] = place.name;
  spec["resources"] = JsonObject{
      {"requests", JsonObject{{"storage", text_at(claim.volume, "spec", "capacity", "storage")}}}};
  return twin;
}

}  // namespace dmaas::applications
