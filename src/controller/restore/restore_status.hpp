#pragma once

#include <string>

#include "api/restore_report.hpp"
#include "api/restore_session.hpp"
#include "api/work_order.hpp"

namespace dmaas::controller {

// How a restore's status is written; pure.

/// What the pod that applies objects does now.
api::ResourceStep step_of(const api::RestoreSessionStatus& status);
/// A condition says that a step is done and its report is in the status.
void mark_step_done(api::RestoreSessionStatus& status, api::ResourceStep step, Timestamp now);
bool is_step_done(const api::RestoreSessionStatus& status, api::ResourceStep step);
/// Whether the report of the pod that applied objects last is in the status.
bool has_reported(const api::RestoreSessionStatus& status);

/// Sets the state of the stage that is under way; the first call starts its time.
void mark_stage(api::RestoreSessionStatus& status, api::StageState state, std::string message,
                Timestamp now);
void enter_stage(api::RestoreSessionStatus& status, api::RestoreStage stage, Timestamp now);
/// Why the session fails; the first reason stays.
void note_failure(api::RestoreSessionStatus& status, std::string message, Timestamp now);
bool has_failed(const api::RestoreSessionStatus& status);
/// What preflight found out about objects, volumes and dumps.
void take_plan(api::RestoreSessionStatus& status, const api::RestoreReport& plan);
/// What volumes fail of or wait for, failures first; "" when nothing is known.
std::string describe_trouble(const std::vector<api::RestoredVolume>& volumes);
/// Adds counts, problems and warnings of one step's report.
void merge_report(api::RestoreSessionStatus& status, const api::RestoreReport& report);
/// Final stage, conditions, message and times.
void finish_status(api::RestoreSessionStatus& status, bool preflight_only, Timestamp now);

}  // namespace dmaas::controller
