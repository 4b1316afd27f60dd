#pragma once

#include <stop_token>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "api/copy_session.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

// A storage that does not answer is dropped from a backup (dropped_storages.hpp). What it missed is
// copied to it when it answers again.

/// Writes down since when storages of the plan lack backups, from its sessions that are over; the
/// sessions themselves may be gone when the storage comes back. `storages` are the plan's, as
/// "namespace/name". Pure.
void note_missed(api::BackupConfigurationStatus& status,
                 const std::vector<api::BackupSession>& sessions,
                 const std::vector<std::string>& storages);

/// The storage has all that it should have, up to the newest backup that it is known to have
/// missed. Pure.
void note_caught_up(api::CatchUpStatus& status, const std::vector<api::BackupSession>& sessions);

/// Starts a CopySession for each storage of the plan that answers and lacks backups: what retention
/// keeps there, the newest first, one session at a time, after a failure not before a pause.
/// Removes sessions beyond the plan's history limit. What keeps it from doing so is in the plan's
/// status. Errors: those of the API server.
Result<> catch_up(World& world, api::BackupConfiguration& plan,
                  const std::vector<api::BackupSession>& sessions, std::stop_token stop);

}  // namespace dmaas::controller
