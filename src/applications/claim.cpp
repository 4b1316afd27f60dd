#include "applications/claim.hpp"

#include "kube/object/object.hpp"

namespace dmaas::applications {

Claim describe_claim(const Json& claim, const Json* volume, const Json* driver) {
  Claim result;
  result.key = kube::key_of(claim);
  result.uid = kube::uid_of(claim);
  result.phase = text_at(claim, "status", "phase");
  for (const auto& mode : items_at(claim, "spec", "accessModes")) {
    if (mode.is_string()) result.access_modes.emplace_back(mode.get_string());
  }
  if (text_at(claim, "spec", "volumeMode") == "Block") result.volume_mode = "Block";
  result.storage_class = text_at(claim, "spec", "storageClassName");
  result.requested_size = text_at(claim, "spec", "resources", "requests", "storage");
  result.volume_name = text_at(claim, "spec", "volumeName");
  if (volume == nullptr) return result;
  result.volume = *volume;
  result.driver = text_at(*volume, "spec", "csi", "driver");
  if (result.driver.empty()) return result;
  if (driver == nullptr) {
    result.attach = AttachRequirement::unknown;
  } else {
    // Kubernetes takes a driver that does not say otherwise for one that attaches.
    const Json* required = find(*driver, "spec", "attachRequired");
    const bool attaches = required == nullptr || !required->is_bool() || required->get_bool();
    result.attach = attaches ? AttachRequirement::required : AttachRequirement::none;
  }
  return result;
}

}  // namespace dmaas::applications
