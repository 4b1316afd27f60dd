#pragma once

#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "controller/copying/copy_places.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Whether two Snapshots of different repositories show the same backup. Pure.
bool is_same_backup(const api::Snapshot& one, const api::Snapshot& other);

/// Those complete backups of `source` that `destination` does not show, newest first. Pure.
std::vector<api::Snapshot> missing_backups(const std::vector<api::Snapshot>& source,
                                           const std::vector<api::Snapshot>& destination);

/// Those of `missing` that the retention of their plans would keep on `storage` beside what is
/// there already. Errors: as find_expired.
Result<std::vector<api::Snapshot>> without_expired(const World& world,
                                                   const kube::ObjectKey& storage,
                                                   std::vector<api::Snapshot> missing,
                                                   const std::vector<api::Snapshot>& destination);

/// The backups that a session has to copy, as its status lists them; at most as many as a session
/// may. Errors: not_found, invalid_input (a Snapshot that it names is not there, or not a complete
/// backup of the source).
Result<std::vector<api::BackupCopy>> choose_copies(const World& world,
                                                   const api::CopySession& session,
                                                   const CopyPlaces& places);

}  // namespace dmaas::controller
