#include "controller/standby/decide_standby.hpp"

namespace dmaas::controller {
namespace {

using api::StandbyData;
using api::StandbyTask;

StandbyDecision decide_work(const api::Standby& standby, const StandbyScene& scene) {
  if (!scene.session || is_final(scene.session->status.stage)) return {StandbyMove::take};
  bool activates = standby.status.work->task == StandbyTask::activation;
  return {activates == standby.spec.activate ? StandbyMove::wait : StandbyMove::stop_work};
}

bool wants_sync(const api::Standby& standby, const api::StandbyBackup& newest) {
  const auto& status = standby.status;
  if (!standby.spec.keep_data_in_sync || keeps_changes(standby)) return false;
  if (status.data != StandbyData::synced || !status.synced) return true;
  return newest.time > status.synced->time;
}

/// What a session has to be started for; nothing: for nothing.
std::optional<StandbyTask> next_task(const api::Standby& standby, const StandbyScene& scene) {
  if (standby.spec.activate) return StandbyTask::activation;
  if (!scene.newest) return std::nullopt;
  if (wants_sync(standby, *scene.newest)) return StandbyTask::sync;
  const auto& checked = standby.status.checked;
  bool is_checked = checked && checked->snapshot_id == scene.newest->snapshot_id;
  return is_checked ? std::nullopt : std::optional(StandbyTask::check);
}

StandbyMove start_of(StandbyTask task) {
  if (task == StandbyTask::activation) return StandbyMove::activate;
  return task == StandbyTask::sync ? StandbyMove::sync : StandbyMove::check;
}

}  // namespace

bool keeps_changes(const api::Standby& standby) {
  return standby.status.data == StandbyData::changed && !standby.spec.discard_changes;
}

StandbyDecision decide_standby(const api::Standby& standby, const StandbyScene& scene) {
  const auto& status = standby.status;
  if (status.work) return decide_work(standby, scene);
  if (!standby.spec.activate && status.active) return {StandbyMove::deactivate};
  if (standby.spec.activate && status.activation_time) return {StandbyMove::rest};
  auto task = next_task(standby, scene);
  if (!task) return {StandbyMove::rest};
  // Objects that the cluster refuses hold no data back.
  bool has_failed = status.failed_task == task && status.retry_time;
  // A longer pause was written down by a clock that has been set back since.
  bool is_pause = has_failed && scene.now < *status.retry_time &&
                  *status.retry_time - scene.now <= longest_standby_pause;
  if (is_pause) return {StandbyMove::rest, status.retry_time};
  return {start_of(*task)};
}

}  // namespace dmaas::controller
