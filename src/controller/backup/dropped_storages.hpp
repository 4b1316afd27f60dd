#pragma once

#include <string>
#include <vector>

#include "api/backup_session.hpp"
#include "api/backup_storage.hpp"

namespace dmaas::controller {

// A backup goes to every storage of its plan, and one that fails does not stop the others: it is
// dropped from the session. All here is pure.

/// Takes the storage ("namespace/name") out of the session, for this reason; the first reason
/// stays. Without another storage left the session fails.
void drop_storage(api::BackupSessionStatus& status, const std::string& storage, std::string reason,
                  Timestamp now);
bool is_dropped(const api::BackupSessionStatus& status, const std::string& storage);
/// Drops every storage on which a component has failed.
void drop_failed_storages(api::BackupSessionStatus& status, Timestamp now);

/// Those that are in the session.
std::vector<api::BackupStorage> without_dropped(const api::BackupSessionStatus& status,
                                                std::vector<api::BackupStorage> storages);
/// Whether some storage has all components that are not `resources`, or with `resources` that too.
bool is_done_on_another(const api::BackupSessionStatus& status, const std::string& storage);

/// One sentence for each storage that was dropped.
std::vector<std::string> describe_dropped(const api::BackupSessionStatus& status);

}  // namespace dmaas::controller
