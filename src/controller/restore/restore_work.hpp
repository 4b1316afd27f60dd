#pragma once

#include "api/restore_session.hpp"
#include "controller/movers.hpp"
#include "controller/restore/restore_source.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// What one reconciliation of a RestoreSession works on.
struct RestoreWork {
  api::RestoreSession session{};
  Json before{};  // the status as it was
  SourceRepository source{};

  bool is_over() const { return is_final(session.status.stage); }
};

/// As many findings of a preflight as a status shows.
inline constexpr std::size_t max_findings = 100;

/// Names the mover of a volume.
std::string volume_component(const api::RestoredVolume& volume);
/// The claim in the system namespace through which a volume is filled.
kube::ObjectKey fill_key(const World& world, const RestoreWork& work,
                         const api::RestoredVolume& volume);

api::OrderSession identity_of(const api::RestoreSession& session);
/// A mover of this session in the system namespace that may read its repository.
MoverWish wish_of(const World& world, const RestoreWork& work, std::string component);

}  // namespace dmaas::controller
