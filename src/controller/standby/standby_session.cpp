#include "controller/standby/standby_session.hpp"

#include <algorithm>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "controller/standby/decide_standby.hpp"

namespace dmaas::controller {
namespace {

using api::StandbyTask;

api::InPlaceRestore in_place(const api::Standby& standby) {
  // Nothing but restores has written since only while the data is that of the last one.
  bool is_known = standby.status.data == api::StandbyData::synced;
  return {.quiesce = api::QuiesceMethod::refuse_if_in_use,
          .extra_files = api::ExtraFiles::remove,
          .compare = is_known ? api::FileComparison::times : api::FileComparison::content};
}

void ask_for_data(const api::Standby& standby, const api::Snapshot& newest,
                  api::RestoreSessionSpec& spec) {
  spec.source.snapshot = newest.spec.snapshot_id;
  spec.what.data = api::RestoreData::data_only;
  // Named, so that no dump is played back: the application is not there.
  spec.what.volumes = volumes_of(newest);
  spec.in_place = in_place(standby);
  spec.in_place->missing_claims = api::MissingClaims::create;
}

void ask_for_application(const api::Standby& standby, const api::Snapshot* newest,
                         api::RestoreSessionSpec& spec) {
  const auto& status = standby.status;
  spec.existing = api::ExistingPolicy::update;
  bool keeps = keeps_changes(standby);
  if (!keeps) spec.in_place = in_place(standby);
  if (newest != nullptr) {
    spec.source.snapshot = newest->spec.snapshot_id;
  } else if (keeps && status.synced) {
    spec.source.snapshot = status.synced->snapshot_id;
  }
}

}  // namespace

std::vector<std::string> volumes_of(const api::Snapshot& backup) {
  std::vector<std::string> claims;
  for (const auto& component : backup.status.components) {
    if (component.kind != api::ComponentKind::volume) continue;
    // "volume/<claim>" or "volume/<namespace>/<claim>"
    auto claim = component.name.substr(component.name.rfind('/') + 1);
    if (std::ranges::find(claims, claim) == claims.end()) claims.push_back(std::move(claim));
  }
  return claims;
}

api::RestoreSession standby_session(const api::Standby& standby, StandbyTask task,
                                    const api::Snapshot* newest) {
  const auto& own = standby.spec;
  api::RestoreSession session;
  session.metadata.namespace_name = standby.metadata.namespace_name;
  session.metadata.name =
      api::standby_session_name({.standby = standby.metadata.name,
                                 .standby_uid = standby.metadata.uid,
                                 .task = name_of(task),
                                 .number = standby.status.sessions_started + 1});
  session.metadata.labels = {{std::string(api::label::standby), standby.metadata.uid},
                             {std::string(api::label::standby_task), std::string(name_of(task))}};
  session.metadata.owner_references = {api::owner_reference_to(standby)};
  auto& spec = session.spec;
  spec.source.repository = own.repository;
  spec.what.objects = own.objects;
  spec.namespace_map = own.namespace_map;
  spec.storage_class_map = own.storage_class_map;
  spec.changes = own.changes;
  spec.service_account_name = own.service_account_name;
  spec.timeout = own.timeout;
  spec.mover = own.mover;
  if (task == StandbyTask::sync && newest != nullptr) {
    ask_for_data(standby, *newest, spec);
  } else {
    // An activation takes what is newest when it begins.
    ask_for_application(standby, task == StandbyTask::check ? newest : nullptr, spec);
    spec.hooks = own.hooks;
    spec.preflight_only = task == StandbyTask::check;
  }
  return session;
}

}  // namespace dmaas::controller
