#pragma once

#include <stop_token>
#include <string>

#include "api/restore_report.hpp"
#include "api/work_order.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

// A restored volume is filled through a claim in the system namespace, where no tenant sees the
// mover, and its persistent volume is then re-bound to the claim that the application will use.

/// What the restore's plan says of a volume. Errors: internal (it says nothing).
Result<api::PlannedVolume> find_planned(const api::RestoreReport& plan,
                                        const api::RestoredVolume& volume);
/// What the mover of a volume has to do. Errors: those of the restore's plan.
Result<api::OrderVolume> volume_order(World& world, const api::RestoreSession& session,
                                      const api::RestoredVolume& volume, std::stop_token stop);

/// The claim to fill, made like the one at the destination. Pure.
Json fill_claim(const api::PlannedVolume& volume, const kube::ObjectKey& key,
                const std::string& session_uid);

enum class Rebinding { under_way, done };
struct RebindRequest {
  kube::ObjectKey fill_claim{};
  std::string persistent_volume{};  // recorded before the first change
  kube::Account account{};          // that creates the claim at the destination
};
/// One step of: keep the volume when the fill claim goes → remove that claim → reserve the volume
/// for the destination's claim → create this claim → both bound → the volume's own reclaim policy
/// again. Each step looks at what is there, so a controller that starts anew goes on. Errors:
/// conflict (the claim exists and is bound to something else), and those of the API server.
Result<Rebinding> step_rebinding(World& world, const api::PlannedVolume& volume,
                                 const RebindRequest& request, std::stop_token stop);

struct GivenUpVolume {
  std::string persistent_volume{};
  kube::ObjectKey fill_claim{};
  kube::ObjectKey target{};
  std::string session_uid{};
};
/// Undoes what a broken off rebinding has done to a volume: one that its destination's claim does
/// not hold yet is released, and its reclaim policy decides about it. Repeating is harmless.
Result<> give_up_volume(World& world, const GivenUpVolume& volume, std::stop_token stop);

/// The persistent volume behind a claim; "" while it is not bound.
Result<std::string> volume_behind(World& world, const kube::ObjectKey& claim, std::stop_token stop);

}  // namespace dmaas::controller
