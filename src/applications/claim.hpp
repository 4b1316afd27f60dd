#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "kube/object/object_key.hpp"

namespace dmaas::applications {

/// A pod that mounts a claim now.
struct ClaimUser {
  std::string pod{};  // in the claim's namespace
  std::string uid{};
  std::string node{};  // "": not scheduled

  bool operator==(const ClaimUser&) const = default;
};

enum class AttachRequirement {
  none,      // the driver mounts without attaching, or the volume is of no driver
  required,  // the driver attaches volumes to nodes: one attachment, one user
  unknown,   // the driver's object cannot be read
};

/// A claim with all that decides how its data is read.
struct Claim {
  kube::ObjectKey key{};
  std::string uid{};
  std::string phase{};  // "Bound", "Pending", "Lost"
  std::vector<std::string> access_modes{};
  std::string volume_mode = "Filesystem";  // or "Block"
  std::string storage_class{};
  std::string requested_size{};  // quantity: "8Gi"
  std::string volume_name{};
  Json volume{};         // the PersistentVolume; null when there is none
  std::string driver{};  // CSI driver; "" for volumes of no driver
  AttachRequirement attach = AttachRequirement::none;
  std::vector<ClaimUser> users{};
  std::string target{};  // name of the target that it belongs to

  bool is_bound() const { return phase == "Bound" && volume.is_object(); }
};

/// What the documents say. `volume` and `driver` (CSIDriver) may be null; users stay empty.
Claim describe_claim(const Json& claim, const Json* volume, const Json* driver);

}  // namespace dmaas::applications
