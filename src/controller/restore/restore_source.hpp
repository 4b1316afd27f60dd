#pragma once

#include <stop_token>
#include <string>

#include "api/restore_session.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// The repository that a session reads from.
struct SourceRepository {
  api::BackupStorage storage{};
  RepositoryPlace place{};
  kube::ObjectKey
      object{};  // the Repository object; name "" when the session names the place itself
};

/// Follows the session's references. Errors: not_found, permission_denied (walls between
/// namespaces), invalid_input.
Result<SourceRepository> find_source(const World& world, const api::RestoreSession& session);

/// What is known before a session begins: whether its spec keeps the rules, it may restore where it
/// wants to, the storage of `source` is ready, and its hooks are there and of use.
/// Errors: invalid_input, permission_denied, not_found, unavailable.
Result<> check_restore(const World& world, const api::RestoreSession& session,
                       const SourceRepository& source);

/// One committed backup.
struct ChosenBackup {
  std::string snapshot_id{};  // of the resources component
  Timestamp time{};
  std::string object_name{};  // of the Snapshot that shows it
  std::string warning{};      // which snapshots cannot be read; "" when all can
};

/// Picks the backup that the session asks for: by name of a Snapshot, by id, or by time, as
/// pick_backup does. Snapshots that cannot be read are passed over. Errors: not_found (the message
/// lists what there is), invalid_input (ambiguous), corrupt (the one that is asked for).
Result<ChosenBackup> choose_backup(const World& world, engine::Repository& repository,
                                   const SourceRepository& source, const api::RestoreSource& wanted,
                                   std::stop_token stop);

}  // namespace dmaas::controller
