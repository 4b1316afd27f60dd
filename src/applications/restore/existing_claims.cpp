#include "applications/restore/existing_claims.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "applications/restore/usage.hpp"
#include "applications/volume_method.hpp"
#include "base/size_text.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {

kube::ObjectKey existing_claim_of(const api::DocumentComponent& volume,
                                  const api::InPlaceRestore& in_place, const Naming& naming) {
  auto mapped = in_place.claim_map.find(volume.claim);
  return {naming.destination_of({"", "Namespace", {"", volume.namespace_name}}).key.name,
          mapped == in_place.claim_map.end() ? volume.claim : mapped->second};
}

std::string trouble_with_filling(const api::PlannedVolume& volume, const Claim& claim) {
  if (!claim.is_bound()) {
    return fmt::format(
        "the claim is {}, not Bound: start what uses it once, so that it gets a volume",
        claim.phase.empty() ? "Pending" : claim.phase);
  }
  const std::string mode = volume.volume_mode == "Block" ? "Block" : "Filesystem";
  if (mode != claim.volume_mode) {
    return fmt::format(
        "the claim's volumeMode is {}, that of the backup {}: name another claim in "
        "spec.inPlace.claimMap",
        claim.volume_mode, mode);
  }
  const auto capacity = parse_quantity(text_at(claim.volume, "spec", "capacity", "storage"));
  if (capacity && static_cast<double>(volume.bytes) > *capacity) {
    return fmt::format(
        "the claim has room for {}, the backup's data is {}: enlarge the claim, or name a larger "
        "one in spec.inPlace.claimMap",
        format_bytes(static_cast<std::int64_t>(*capacity)), format_bytes(volume.bytes));
  }
  const MountChoice mount = choose_mount(claim);
  return mount.place == MountPlace::impossible ? mount.reason : std::string();
}

std::string trouble_with_users(const Claim& claim) {
  if (claim.users.empty()) return {};
  return fmt::format(
      "pod {} uses the claim: stop it first, or restore with spec.inPlace.quiesce: scaleToZero",
      claim.users.front().pod);
}

}  // namespace dmaas::applications
