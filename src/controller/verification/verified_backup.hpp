#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/restore_session.hpp"
#include "api/snapshot.hpp"
#include "api/verification_session.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// The newest complete backup of a repository; nothing when there is none.
std::optional<api::Snapshot> newest_backup(const World& world, const kube::ObjectKey& repository);

/// The backup that a session is about. Errors: not_found, invalid_input (a Snapshot of another
/// repository).
Result<api::Snapshot> find_verified_backup(const World& world,
                                           const api::VerificationSession& session);

/// The one namespace that the backup is of: by its plan as far as that is here, and by its volumes.
/// Errors: unsupported (several namespaces).
Result<std::string> source_namespace_of(const World& world, const api::Snapshot& backup);

/// The restore of the session's backup into its scratch namespace. Errors: unsupported (a launch
/// manifest or chart without volumes to launch on). Pure.
Result<api::RestoreSession> trial_restore(const api::VerificationSession& session,
                                          const api::Snapshot& backup);

}  // namespace dmaas::controller
