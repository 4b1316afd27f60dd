#pragma once

#include <stop_token>
#include <vector>

#include "api/restore_report.hpp"
#include "applications/claim.hpp"
#include "controller/restore/restore_work.hpp"

namespace dmaas::controller {

// A claim that exists is filled through a twin of its volume, as a backup reads one; nothing but
// its data changes. Never while a pod uses it that is not held still.

/// Adds to the report's preflight what stands against filling the claims that exist: they are
/// missing, too small, in use by what cannot be stopped, filled by another session, or behind a
/// wall. Errors: those of the API server.
Result<> examine_existing_claims(World& world, const RestoreWork& work, api::RestoreReport& report,
                                 std::stop_token stop);

/// The claims that are not filled yet, and who uses them. Errors: those of load_claim.
Result<std::vector<applications::Claim>> claims_to_fill(World& world, const RestoreWork& work,
                                                        std::stop_token stop);

/// Whether a mover of the session that has a volume still exists, ending ones included.
Result<bool> has_movers(World& world, const RestoreWork& work, std::stop_token stop);

/// The mover that fills the claim, with the way to its volume. Errors: invalid_input (a pod uses
/// it, at the beginning or meanwhile, and is not held still), and those of mount_live_volume.
Result<MoverWish> wish_existing(World& world, const RestoreWork& work,
                                const api::RestoredVolume& volume, std::stop_token stop);

/// A warning for each claim that was begun and not finished.
void warn_of_half_filled(api::RestoreSessionStatus& status);

/// Lets the way to its volume go. Repeating is harmless.
Result<> leave_existing(World& world, const RestoreWork& work, const api::RestoredVolume& volume,
                        std::stop_token stop);

}  // namespace dmaas::controller
