#pragma once

#include <string>

#include "api/restore_report.hpp"
#include "api/restore_session.hpp"

namespace dmaas::controller {

// How a restore's status is written; pure.

/// Conditions: what the pods that apply objects have done. Claims may be filled; dumps may be
/// played back; hooks may run.
inline constexpr std::string_view preflight_done = "PreflightDone";
inline constexpr std::string_view configuration_applied = "ConfigurationApplied";
inline constexpr std::string_view workloads_applied = "WorkloadsApplied";
inline constexpr std::string_view workloads_ready = "WorkloadsReady";
/// Condition: the report of the pod that is there is in the status.
inline constexpr std::string_view report_taken = "ReportTaken";
/// Sets `done` and report_taken.
void take_report(api::RestoreSessionStatus& status, std::string_view done, Timestamp now);

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
