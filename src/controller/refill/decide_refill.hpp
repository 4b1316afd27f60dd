#pragma once

#include <optional>
#include <vector>

#include "api/restore_configuration.hpp"
#include "base/clock.hpp"

namespace dmaas::controller {

/// What becomes of a refill at one moment.
struct RefillDecision {
  /// A session of this time has to start, unless its backup is unchanged.
  std::optional<Timestamp> due{};
  /// The session of this time is there: a process that ended before it wrote that down started it.
  std::optional<Timestamp> started{};
  std::optional<api::SkippedStart> skipped{};  // to be told: nothing is started for it
  std::optional<Timestamp> next{};
  std::optional<Timestamp> went_back_to{};  // as DueRun
};

/// By the times of a plan's run: whether a start is due, not too late and not in the way of a
/// session. `sessions` are those of the refill. Pure. Errors: invalid_input (the schedule).
Result<RefillDecision> decide_refill(const api::RestoreConfiguration& refill,
                                     const std::vector<api::RestoreSession>& sessions,
                                     Timestamp now);

/// Whether the destination was filled with this backup last, by the template as it is now: a
/// restore would only undo what the application has written since. Pure.
bool is_unchanged(const api::RestoreConfiguration& refill,
                  const std::vector<api::RestoreSession>& sessions, std::string_view snapshot_id);

}  // namespace dmaas::controller
