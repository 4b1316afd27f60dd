#include "cli/cluster/find_session.hpp"

#include "api/backup_session.hpp"
#include "api/copy_session.hpp"
#include "api/labels.hpp"
#include "api/restore_session.hpp"
#include "api/verification_session.hpp"
#include "base/fields.hpp"
#include "cli/cluster/objects.hpp"

namespace dmaas::cli {

Result<FoundSession> find_session(const Connection& connection, const std::string& text,
                                  std::stop_token stop) {
  const auto& backups = api::kind_info<api::BackupSession>();
  const auto& restores = api::kind_info<api::RestoreSession>();
  const auto& verifications = api::kind_info<api::VerificationSession>();
  const auto& copies = api::kind_info<api::CopySession>();
  auto reference = parse_reference(text);
  std::vector<std::string> places{connection.namespace_name,
                                  std::string(api::default_system_namespace)};
  if (!reference.namespace_name.empty()) places = {reference.namespace_name};
  for (const auto& place : places) {
    for (const auto* kind : {&backups, &restores, &verifications, &copies}) {
      auto object = connection.client->get(kind->resource(), {place, reference.name}, stop);
      if (object) return FoundSession{kind, std::move(*object)};
      bool may_be_elsewhere =
          object.code() == ErrorCode::not_found || object.code() == ErrorCode::permission_denied;
      if (!may_be_elsewhere) return fail(std::move(object).error());
    }
  }
  auto missing = find_or_list(*connection.client, backups, {places.front(), reference.name}, stop);
  return fail(std::move(missing).error());
}

std::string final_phase_of(const FoundSession& session) {
  auto phase = text_at(session.object, "status", session.phase_field());
  for (auto end :
       {api::BackupPhase::succeeded, api::BackupPhase::failed, api::BackupPhase::cancelled}) {
    if (phase == name_of(end)) return phase;
  }
  return "";
}

}  // namespace dmaas::cli
