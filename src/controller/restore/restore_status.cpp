#include "controller/restore/restore_status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/time_text.hpp"
#include "controller/restore/play_dump.hpp"

namespace dmaas::controller {
namespace {

constexpr std::size_t max_problems = 100;
constexpr std::size_t max_warnings = 50;

api::StageStatus& stage_of(api::RestoreSessionStatus& status) {
  if (status.stages.empty()) {
    for (auto name : {"Preflight", "RestoringBackups", "ActivatingApplications"})
      status.stages.push_back({.name = name});
  }
  auto index = status.stage == api::RestoreStage::restoring_backups         ? 1u
               : status.stage == api::RestoreStage::activating_applications ? 2u
                                                                            : 0u;
  return status.stages.at(index);
}

}  // namespace

void take_report(api::RestoreSessionStatus& status, std::string_view done, Timestamp now) {
  for (auto type : {done, report_taken}) {
    api::set_condition(
        status.conditions,
        {.type = std::string(type), .status = api::ConditionStatus::yes, .reason = "Reported"},
        now);
  }
}

void mark_stage(api::RestoreSessionStatus& status, api::StageState state, std::string message,
                Timestamp now) {
  auto& stage = stage_of(status);
  if (!stage.start_time) stage.start_time = now;
  bool ends = state == api::StageState::succeeded || state == api::StageState::failed;
  if (ends && !stage.completion_time) stage.completion_time = now;
  stage.state = state;
  stage.message = std::move(message);
}

void enter_stage(api::RestoreSessionStatus& status, api::RestoreStage stage, Timestamp now) {
  status.stage = stage;
  status.pod_attempts = 0;
  mark_stage(status, api::StageState::running, "", now);
}

bool has_failed(const api::RestoreSessionStatus& status) {
  return api::is_true(status.conditions, api::condition::failed);
}

void note_failure(api::RestoreSessionStatus& status, std::string message, Timestamp now) {
  if (has_failed(status)) return;
  mark_stage(status, api::StageState::failed, message, now);
  status.message = message;
  api::set_condition(status.conditions,
                     {.type = std::string(api::condition::failed),
                      .status = api::ConditionStatus::yes,
                      .reason = "Failed",
                      .message = std::move(message)},
                     now);
}

std::string describe_trouble(const std::vector<api::RestoredVolume>& volumes) {
  std::vector<std::string> failed;
  std::string waiting;
  for (const auto& volume : volumes) {
    auto text = fmt::format("claim {}: {}", volume.claim, volume.message);
    if (volume.phase == api::VolumePhase::failed) {
      failed.push_back(std::move(text));
    } else if (volume.phase < api::VolumePhase::succeeded && !volume.message.empty() &&
               waiting.empty()) {
      waiting = std::move(text);
    }
  }
  if (failed.size() <= 1) return failed.empty() ? waiting : failed.front();
  return fmt::format("{} of {} volumes could not be restored, the first: {}", failed.size(),
                     volumes.size(), failed.front());
}

void merge_report(api::RestoreSessionStatus& status, const api::RestoreReport& report) {
  for (const auto& count : report.counts) {
    auto known = std::ranges::find(status.counts, count.kind, &api::KindCount::kind);
    if (known == status.counts.end()) {
      status.counts.push_back(count);
      continue;
    }
    known->created += count.created;
    known->updated += count.updated;
    known->unchanged += count.unchanged;
    known->skipped += count.skipped;
    known->failed += count.failed;
  }
  for (const auto& problem : report.problems) {
    if (status.problems.size() < max_problems) status.problems.push_back(problem);
  }
  for (const auto& warning : report.warnings) {
    bool is_known = std::ranges::find(status.warnings, warning) != status.warnings.end();
    if (!is_known && status.warnings.size() < max_warnings) status.warnings.push_back(warning);
  }
}

void take_plan(api::RestoreSessionStatus& status, const api::RestoreReport& plan) {
  merge_report(status, plan);
  status.preflight = plan.preflight;
  for (const auto& planned : plan.volumes) {
    status.volumes.push_back({.claim = planned.claim,
                              .namespace_name = planned.namespace_name,
                              .volume_mode = planned.volume_mode,
                              .in_place = planned.in_place,
                              .bytes_total = planned.bytes,
                              .snapshot_id = planned.snapshot_id});
  }
  for (const auto& planned : plan.dumps) status.dumps.push_back(pending_dump(planned));
}

void finish_status(api::RestoreSessionStatus& status, bool preflight_only, Timestamp now) {
  status.completion_time = now;
  if (has_failed(status)) {
    // What was in the way while it was wound up is no news.
    status.message = api::find_condition(status.conditions, api::condition::failed)->message;
    status.stage = api::RestoreStage::failed;
  } else {
    std::int32_t objects = 0;
    for (const auto& count : status.counts)
      objects += count.created + count.updated + count.unchanged;
    status.message =
        preflight_only
            ? "preflight found nothing that stops the restore; nothing was changed"
            : fmt::format("restored {} objects and {} volumes", objects, status.volumes.size());
    if (!preflight_only && !status.dumps.empty())
      status.message += fmt::format(", played back {} dumps", status.dumps.size());
    status.stage = api::RestoreStage::succeeded;
    if (status.start_time && !preflight_only)
      status.time_to_recover = format_duration(now - *status.start_time);
    api::set_condition(status.conditions,
                       {.type = std::string(api::condition::complete),
                        .status = api::ConditionStatus::yes,
                        .reason = std::string(api::reason::succeeded),
                        .message = status.message},
                       now);
  }
  for (auto& stage : status.stages) {
    if (stage.state == api::StageState::pending) stage.state = api::StageState::skipped;
  }
}

}  // namespace dmaas::controller
