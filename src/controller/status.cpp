#include "controller/status.hpp"

#include "controller/restore/restore_status.hpp"

namespace dmaas::controller {

void settle_results(World& world, const api::BackupSessionStatus& status) {
  for (const auto& component : status.components) {
    if (is_final(component.phase) && component.pod) world.reports.settle(component.pod->uid);
  }
}

void settle_results(World& world, const api::RestoreSessionStatus& status) {
  if (status.pod && api::is_true(status.conditions, report_taken))
    world.reports.settle(status.pod->uid);
  for (const auto& volume : status.volumes) {
    bool delivered = volume.phase >= api::VolumePhase::binding;
    if (delivered && volume.pod) world.reports.settle(volume.pod->uid);
  }
  for (const auto& dump : status.dumps) {
    if (is_final(dump.phase) && dump.pod) world.reports.settle(dump.pod->uid);
  }
}

void set_ready(api::Conditions& conditions, ReadyNote note, Timestamp now) {
  api::set_condition(conditions,
                     {.type = std::string(api::condition::ready),
                      .status = note.ready ? api::ConditionStatus::yes : api::ConditionStatus::no,
                      .reason = std::move(note.reason),
                      .message = std::move(note.message)},
                     now);
}

std::string_view reason_not_ready(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return api::reason::reference_missing;
    case ErrorCode::permission_denied:
      return api::reason::not_granted;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return api::reason::unreachable;
    case ErrorCode::unsupported:
      return api::reason::not_silent;
    default:
      return api::reason::invalid_spec;
  }
}

}  // namespace dmaas::controller
