#include "controller/standby/standby_status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/time_text.hpp"
#include "controller/status.hpp"

namespace dmaas::controller {
namespace {

using api::RestoreStage;
using api::StandbyData;
using api::StandbyPhase;
using api::StandbyTask;

constexpr std::chrono::seconds first_pause{30};
constexpr std::string_view deleted_meanwhile = "its session was deleted";

std::chrono::nanoseconds pause_after(std::int32_t failures) {
  auto doublings = std::clamp(failures - 1, 0, 10);
  return std::min<std::chrono::nanoseconds>(first_pause * (1 << doublings), longest_standby_pause);
}

std::string text_of(const api::StandbyBackup& backup) {
  return backup.time ? "the backup of " + format_seconds(*backup.time) : "the newest backup";
}

void note_success(api::StandbyStatus& status) {
  status.failures = 0;
  status.failed_task.reset();
  status.retry_time.reset();
}

void note_failure(api::StandbyStatus& status, StandbyTask task, Timestamp now) {
  ++status.failures;
  status.failed_task = task;
  status.retry_time = now + pause_after(status.failures);
}

api::StandbySync sync_of(const api::RestoreSession& session) {
  const auto& status = session.status;
  api::StandbySync sync{.session = session.metadata.name,
                        .completion_time = status.completion_time,
                        .volumes = static_cast<std::int32_t>(status.volumes.size())};
  if (status.start_time && status.completion_time)
    sync.duration = *status.completion_time - *status.start_time;
  for (const auto& volume : status.volumes) {
    sync.bytes_total += volume.bytes_total;
    sync.bytes_written += volume.bytes_written;
  }
  return sync;
}

api::StandbyBackup backup_of(const api::RestoreSession& session) {
  const auto& status = session.status;
  api::StandbyBackup backup{.name = status.snapshot, .snapshot_id = status.snapshot_id};
  // As its Snapshot shows it.
  if (status.backup_time)
    backup.time = std::chrono::floor<std::chrono::seconds>(*status.backup_time);
  return backup;
}

void set(api::StandbyStatus& status, std::string_view type, ReadyNote note, Timestamp now) {
  api::set_condition(status.conditions,
                     {.type = std::string(type),
                      .status = note.ready ? api::ConditionStatus::yes : api::ConditionStatus::no,
                      .reason = std::move(note.reason),
                      .message = std::move(note.message)},
                     now);
}

void take_check(api::StandbyStatus& status, const StandbyScene& scene, bool succeeded,
                const std::string& message) {
  const api::PreflightSummary* preflight = nullptr;
  if (scene.session && scene.session->status.preflight)
    preflight = &*scene.session->status.preflight;
  auto text = succeeded && preflight != nullptr
                  ? fmt::format("{}: {} objects accepted, {} unproven, {} skipped",
                                text_of(status.work->backup), preflight->accepted,
                                preflight->unproven, preflight->skipped)
                  : message;
  if (succeeded) status.checked = status.work->backup;
  set(status, api::condition::activation_ready,
      {.reason = succeeded ? "Accepted" : "Refused",
       .message = std::move(text),
       .ready = succeeded},
      scene.now);
}

void take_activation(api::StandbyStatus& status, const StandbyScene& scene, bool succeeded) {
  if (!scene.session) {
    status.active = status.work->backup;  // it may have made anything
    return;
  }
  const auto& done = scene.session->status;
  bool has_begun =
      succeeded || std::ranges::any_of(done.stages, [](const auto& stage) {
        return stage.name == name_of(RestoreStage::restoring_backups) && stage.start_time;
      });
  if (has_begun) status.active = backup_of(*scene.session);
  if (!succeeded) return;
  status.activation_time = done.completion_time;
  status.time_to_activate = done.time_to_recover;
  bool has_filled = std::ranges::any_of(done.volumes, &api::RestoredVolume::in_place);
  if (has_filled || !status.synced) status.synced = status.active;
}

std::string describe_data(const api::Standby& standby) {
  const auto& status = standby.status;
  if (keeps_changes(standby)) {
    return "the application has run here, and its claims hold what it wrote: back that up if it is "
           "needed, then set spec.discardChanges: true ('dmaas standby deactivate "
           "--discard-changes') to follow again, or activate again to go on with it";
  }
  if (!standby.spec.keep_data_in_sync)
    return "new backups are tried only: spec.keepDataInSync is false";
  if (!status.newest) return "the repository has no complete backup yet";
  if (!status.synced) return "waits for its first synchronisation";
  if (status.synced->time >= status.newest->time && status.data == StandbyData::synced)
    return "the claims hold " + text_of(*status.synced);
  return fmt::format("the claims hold {}, {} is known", text_of(*status.synced),
                     text_of(*status.newest));
}

std::string_view reason_not_synced(const api::Standby& standby) {
  const auto& status = standby.status;
  if (status.activation_time || status.active) return "Active";
  if (keeps_changes(standby)) return "ChangesKept";
  if (!standby.spec.keep_data_in_sync) return "NotWanted";
  if (!status.newest) return "NoBackup";
  return status.failures > 0 ? "Failed" : "Behind";
}

StandbyPhase phase_of(const api::Standby& standby) {
  const auto& status = standby.status;
  if (status.work && status.work->task == StandbyTask::activation) return StandbyPhase::activating;
  if (!standby.spec.activate && status.active) return StandbyPhase::deactivating;
  if (status.activation_time) return StandbyPhase::active;
  if (status.work && status.work->task == StandbyTask::sync) return StandbyPhase::syncing;
  if (status.failed_task && *status.failed_task != StandbyTask::check) return StandbyPhase::failed;
  return standby.spec.activate ? StandbyPhase::activating : StandbyPhase::following;
}

}  // namespace

StandbyData data_after(const api::StandbyStatus& status,
                       const std::optional<api::RestoreSession>& session) {
  auto task = status.work->task;
  if (task == StandbyTask::check) return status.data;
  bool activates = task == StandbyTask::activation;
  if (!session) return activates ? StandbyData::changed : StandbyData::partial;
  const auto& done = session->status;
  bool has_started =
      activates && std::ranges::any_of(done.stages, [](const auto& stage) {
        return stage.name == name_of(RestoreStage::activating_applications) && stage.start_time;
      });
  if (has_started) return StandbyData::changed;
  bool has_written =
      std::ranges::any_of(done.volumes, [](const auto& volume) { return volume.attempts > 0; });
  if (!has_written) return status.data;
  return done.stage == RestoreStage::succeeded ? StandbyData::synced : StandbyData::partial;
}

void note_new_spec(api::Standby& standby) {
  auto& status = standby.status;
  if (status.observed_generation == standby.metadata.generation) return;
  status.observed_generation = standby.metadata.generation;
  status.retry_time.reset();
}

void note_work(api::StandbyStatus& status, const api::RestoreSession& session) {
  const auto& done = session.status;
  auto what = done.message.empty() ? done.progress : done.message;
  status.work->progress = fmt::format("{}{}", name_of(done.stage), what.empty() ? "" : ": " + what);
  if (done.backup_time) status.work->backup = backup_of(session);
}

void take_session(api::Standby& standby, const StandbyScene& scene) {
  auto& status = standby.status;
  auto task = status.work->task;
  status.data = data_after(status, scene.session);
  bool succeeded = scene.session && scene.session->status.stage == RestoreStage::succeeded;
  auto message = scene.session ? scene.session->status.message : std::string(deleted_meanwhile);
  // One that was stopped because it is not wanted any more did not fail.
  bool is_unwanted = (task == StandbyTask::activation) != standby.spec.activate;
  if (task == StandbyTask::check && !is_unwanted) take_check(status, scene, succeeded, message);
  if (task == StandbyTask::activation) take_activation(status, scene, succeeded);
  if (task == StandbyTask::sync && succeeded) {
    status.synced = status.work->backup;
    status.last_sync = sync_of(*scene.session);
  }
  if (succeeded) {
    note_success(status);
    status.message.clear();
  } else if (!is_unwanted) {
    note_failure(status, task, scene.now);
    status.message = fmt::format("{} failed: {}", name_of(task), message);
  }
  status.work.reset();
}

void note_nothing_to_sync(api::StandbyStatus& status, const api::StandbyBackup& backup) {
  status.synced = backup;
  status.data = StandbyData::synced;
  note_success(status);
}

void note_deactivated(api::StandbyStatus& status) {
  status.active.reset();
  status.activation_time.reset();
  status.time_to_activate.clear();
  note_success(status);
}

void summarise_standby(api::Standby& standby, const std::string& trouble, Timestamp now) {
  auto& status = standby.status;
  status.phase = phase_of(standby);
  bool is_synced = status.data == StandbyData::synced && status.synced && status.newest &&
                   status.synced->time >= status.newest->time;
  set(status, api::condition::synced,
      {.reason = std::string(is_synced ? "UpToDate" : reason_not_synced(standby)),
       .message = describe_data(standby),
       .ready = is_synced},
      now);
  if (status.work) {
    status.message = status.work->progress;
  } else if (!trouble.empty()) {
    status.message = trouble;
  } else if (status.activation_time) {
    status.message = "the application runs here, from " + text_of(*status.active);
  } else if (status.failures == 0 && status.phase != StandbyPhase::deactivating) {
    status.message = describe_data(standby);
  }
}

}  // namespace dmaas::controller
