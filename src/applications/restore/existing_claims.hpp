#pragma once

#include <string>

#include "api/backup_document.hpp"
#include "api/in_place.hpp"
#include "api/restore_report.hpp"
#include "applications/claim.hpp"
#include "applications/restore/naming.hpp"

/// Restoring the data of volumes into claims that exist; pure.
namespace dmaas::applications {

/// The claim here into which a volume of the backup goes.
kube::ObjectKey existing_claim_of(const api::DocumentComponent& volume,
                                  const api::InPlaceRestore& in_place, const Naming& naming);

/// Why the volume cannot be put into this claim, with the remedy; "" when it can. Pods that use it
/// are not judged.
std::string trouble_with_filling(const api::PlannedVolume& volume, const Claim& claim);

/// Who uses the claim, with the remedy; "" when nobody does.
std::string trouble_with_users(const Claim& claim);

}  // namespace dmaas::applications
