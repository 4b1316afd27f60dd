#pragma once

#include <optional>

#include "api/restore_session.hpp"
#include "api/standby.hpp"

namespace dmaas::controller {

/// What is seen of a standby's surroundings at one moment.
struct StandbyScene {
  Timestamp now{};
  std::optional<api::StandbyBackup> newest{};    // that is known of the repository
  std::optional<api::RestoreSession> session{};  // of status.work; nothing: it was deleted
};

enum class StandbyMove {
  rest,        // until something changes
  wait,        // for the session
  take,        // what the session has brought: it is over
  stop_work,   // the session is not wanted any more
  sync,        // start a session that fills the claims with the newest backup
  check,       // start one that tries its objects
  activate,    // start one that brings the application up
  deactivate,  // remove what an activation made
};
struct StandbyDecision {
  StandbyMove move = StandbyMove::rest;
  std::optional<Timestamp> again{};  // when to look again though nothing has changed

  bool operator==(const StandbyDecision&) const = default;
};

/// Failures that follow each other are tried again after no longer than this.
inline constexpr std::chrono::minutes longest_standby_pause{30};

/// What has to be done next. One session runs at a time, and claims are never written to between an
/// activation and the end of its deactivation. Pure.
StandbyDecision decide_standby(const api::Standby& standby, const StandbyScene& scene);

/// Whether the application has written here, and that is to be kept.
bool keeps_changes(const api::Standby& standby);

}  // namespace dmaas::controller
