#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_document.hpp"
#include "applications/commits.hpp"
#include "engine/repository/repository.hpp"

/// The committed backups of a repository, as they are on the storage.
namespace dmaas::controller {

/// `readable`: resources components, in order of time; `damaged` may be of any component.
using StoredBackups = applications::StoredSnapshots;
/// Damaged snapshots are passed over. Errors: those of the store.
Result<StoredBackups> load_backups(engine::Repository& repository, std::stop_token stop);
/// One sentence for people; "" when nothing is damaged.
std::string warning_of(const std::vector<engine::SnapshotId>& damaged);

/// backup.json of many backups, in their order; components have the ids that they have here. Reads
/// the index files twice, one pack in memory at a time, so that a look at a large repository costs
/// little. An element's errors: corrupt, not_found, unsupported (made by a newer version).
Result<std::vector<Result<api::BackupDocument>>> load_documents(
    engine::Repository& repository, const std::vector<engine::StoredSnapshot>& backups,
    std::stop_token stop);
/// Of one backup, by the id of its resources component.
Result<api::BackupDocument> load_document(engine::Repository& repository,
                                          const std::string& snapshot_id, std::stop_token stop);

}  // namespace dmaas::controller
