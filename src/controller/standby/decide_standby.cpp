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

}  // namespace

bool keeps_changes(const api::Standby& standby) {
  return standby.status.data == StandbyData::changed && !standby.spec.discard_changes;
}

StandbyDecision decide_standby(const api::Standby& standby, const StandbyScene& scene) {
  const auto& status = standby.status;
  if (status.work) return decide_work(standby, scene);
  if (!standby.spec.activate && status.active) return {StandbyMove::deactivate};
  if (standby.spec.activate && status.activation_time) return {StandbyMove::rest};
  if (status.retry_time && scene.now < *status.retry_time)
    return {StandbyMove::rest, status.retry_time};
  if (standby.spec.activate) return {StandbyMove::activate};
  if (!scene.newest) return {StandbyMove::rest};
  if (wants_sync(standby, *scene.newest)) return {StandbyMove::sync};
  bool is_checked = status.checked && status.checked->snapshot_id == scene.newest->snapshot_id;
  return {is_checked ? StandbyMove::rest : StandbyMove::check};
}

}  // namespace dmaas::controller
