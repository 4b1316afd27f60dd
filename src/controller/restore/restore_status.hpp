#pragma once

#include <string>

#include "api/restore_report.hpp"
#include "api/restore_session.hpp"

namespace dmaas::controller {

// How a restore's status is written; pure.

/// Sets the state of the stage that is under way; the first call starts its time.
void mark_stage(api::RestoreSessionStatus& status, api::StageState state, std::string message,
                Timestamp now);
void enter_stage(api::RestoreSessionStatus& status, api::RestoreStage stage, Timestamp now);
/// Why the session fails; the first reason stays.
void note_failure(api::RestoreSessionStatus& status, std::string message, Timestamp now);
bool has_failed(const api::RestoreSessionStatus& status);
/// Adds counts, problems and warnings of one step's report.
/// What volumes fail of or wait for, failures first; "" when nothing is known.
std::string describe_trouble(const std::vector<api::RestoredVolume>& volumes);

void merge_report(api::RestoreSessionStatus& status, const api::RestoreReport& report);
/// Final stage, conditions, message and times.
void finish_status(api::RestoreSessionStatus& status, bool preflight_only, Timestamp now);

}  // namespace dmaas::controller
