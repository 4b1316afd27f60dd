#pragma once

#include <vector>

#include "api/backup_session.hpp"
#include "controller/plan/next_run.hpp"

namespace dmaas::controller {

/// A session that the schedule asks for.
struct SessionWish {
  Timestamp time{};        // scheduled
  std::string retry_of{};  // the session that failed; "" for the first attempt
  std::int32_t attempt = 0;
};

/// A due start that is late by more than the run's startDeadline. Pure.
std::optional<api::SkippedStart> find_late(const api::BackupRun& run, const DueRun& found,
                                           Timestamp now);

struct RunDecision {
  std::optional<SessionWish> session{};        // to be started now
  std::optional<api::SkippedStart> skipped{};  // to be told: nothing is started for it
  std::optional<Timestamp> next{};          // the next start, or the next retry if that is sooner
  std::optional<Timestamp> went_back_to{};  // as DueRun
};

/// What becomes of a run now: whether it is due, not too late and not in the way of another session
/// of the plan, and whether a failed session is tried again. `sessions` are those of the plan,
/// newest first. Pure. Errors: as find_due_run.
Result<RunDecision> decide_run(const api::BackupRun& run, const RunPast& past,
                               const std::vector<api::BackupSession>& sessions, Timestamp now);

}  // namespace dmaas::controller
