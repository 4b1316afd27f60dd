#pragma once

#include <stop_token>
#include <vector>

#include "api/backup_storage.hpp"
#include "api/repository.hpp"
#include "api/repository_path.hpp"
#include "applications/policy/decide_policies.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Lets the users of a workload see the backups of its mandatory plans, and restore from them: a
/// BackupGrant of the system namespace lets their namespace read the plan's repositories, and a
/// Repository of the same name there shows them with their Snapshots. Users may delete these
/// objects, which erases nothing; they come again.
Result<> share_backups(World& world, const std::vector<applications::WantedPlan>& plans,
                       std::stop_token stop);

/// Whether an object shows a repository of the system namespace that a BackupGrant lets its own
/// namespace read: it is only read there, whatever the storage's `usage` says.
bool is_shared(const World& world, const api::Repository& repository);

/// The storage of a repository that its own namespace may read. Errors: permission_denied (the path
/// or the storage is not open to the namespace), not_found.
Result<api::BackupStorage> readable_storage_of(const World& world,
                                               const api::Repository& repository,
                                               const api::Surroundings& where);

}  // namespace dmaas::controller
