#pragma once

#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_policy.hpp"
#include "api/backup_session.hpp"
#include "api/backup_storage.hpp"
#include "api/backup_verifier.hpp"
#include "api/copy_session.hpp"
#include "api/repository.hpp"
#include "api/restore_configuration.hpp"
#include "api/restore_session.hpp"
#include "api/snapshot.hpp"
#include "api/standby.hpp"
#include "api/verification_session.hpp"
#include "cli/describe/story.hpp"

/// What `dmaas describe` tells of an object. Pure: what is shown is what the object says.
namespace dmaas::cli {

/// The story of an object of any kind with its events; a kind without a story of its own shows its
/// spec and conditions. Errors: invalid_input (the object is not of the kind).
Result<std::string> describe_object(const api::KindInfo& kind, const Json& object,
                                    const std::vector<Json>& events, Timestamp now);

void tell(Story& story, const api::BackupSession& session);
void tell(Story& story, const api::RestoreSession& session);
void tell(Story& story, const api::BackupConfiguration& plan);
void tell(Story& story, const api::Snapshot& backup);
void tell(Story& story, const api::BackupStorage& storage);
void tell(Story& story, const api::Repository& repository);
void tell(Story& story, const api::BackupVerifier& verifier);
void tell(Story& story, const api::VerificationSession& session);
void tell(Story& story, const api::CopySession& session);
void tell(Story& story, const api::BackupPolicy& policy);
void tell(Story& story, const api::Standby& standby);
void tell(Story& story, const api::RestoreConfiguration& refill);

/// Parts that `dmaas preflight` shows too.
void tell_preflight(Story& story, const api::PreflightSummary& summary);
void tell_resolved(Story& story, const api::ResolvedTargets& resolved);
void tell_hooks(Story& story, const std::vector<api::HookResult>& hooks);
/// Which backup of which repository.
std::string source_of(const api::RestoreSource& source);
/// How it is restored.
void tell_template(Story& story, const api::RestoreTemplate& spec);
/// What a policy means for those who may choose it.
void tell_offer(Story& story, const api::BackupPolicySpec& spec);
/// What keeps a plan from being run, one reason each; empty: nothing.
std::vector<std::string> obstacles_of(const api::BackupConfiguration& plan);

}  // namespace dmaas::cli
