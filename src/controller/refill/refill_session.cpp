#include "controller/refill/refill_session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/names.hpp"

namespace dmaas::controller {
namespace {

/// From this stage on the destination is written to.
bool has_begun_to_write(const api::RestoreSessionStatus& status) {
  auto stage = std::ranges::find(status.stages, name_of(api::RestoreStage::restoring_backups),
                                 &api::StageStatus::name);
  return stage != status.stages.end() && stage->start_time.has_value();
}

void set_restored(api::RestoreConfigurationStatus& status, bool succeeded, std::string message,
                  Timestamp now) {
  api::set_condition(status.conditions,
                     {.type = std::string(api::condition::restored),
                      .status = succeeded ? api::ConditionStatus::yes : api::ConditionStatus::no,
                      .reason = succeeded ? std::string(api::reason::succeeded) : "RestoreFailed",
                      .message = std::move(message)},
                     now);
}

}  // namespace

std::string refill_session_name(const api::RestoreConfiguration& refill, Timestamp due) {
  return api::session_name(refill.metadata.name, refill.metadata.uid, "restore", due);
}

api::RestoreSession refill_session(const api::RestoreConfiguration& refill, Timestamp due) {
  api::RestoreSession session;
  session.metadata.namespace_name = refill.metadata.namespace_name;
  session.metadata.name = refill_session_name(refill, due);
  session.metadata.labels = {{std::string(api::label::refill), refill.metadata.uid}};
  session.metadata.owner_references = {api::owner_reference_to(refill)};
  static_cast<api::RestoreTemplate&>(session.spec) = refill.spec.session_template;
  return session;
}

void take_session(api::RestoreConfigurationStatus& status, const api::RestoreSession& session,
                  Timestamp now) {
  const auto& name = session.metadata.name;
  const auto& ended = session.status;
  bool succeeded = ended.stage == api::RestoreStage::succeeded;
  status.last_session =
      api::RefillResult{.session = name, .stage = ended.stage, .time = ended.completion_time};
  if (succeeded) {
    status.last_success_time = ended.completion_time;
    status.last_restored = api::RefilledBackup{.name = ended.snapshot,
                                               .snapshot_id = ended.snapshot_id,
                                               .time = ended.backup_time,
                                               .session = name};
  } else if (has_begun_to_write(ended)) {
    status.last_restored.reset();
  }
  set_restored(status, succeeded, fmt::format("session {}: {}", name, ended.message), now);
}

void note_lost_session(api::RestoreConfigurationStatus& status, Timestamp now) {
  auto name = std::exchange(status.running, {});
  status.last_restored.reset();
  set_restored(status, false, fmt::format("session {} was deleted", name), now);
}

}  // namespace dmaas::controller
