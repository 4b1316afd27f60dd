#pragma once

#include <optional>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/snapshot.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Until when a person has accepted that data look unusual: annotation dmaas.io/accept-data of the
/// plan; nothing when it is absent or no time. Pure.
std::optional<Timestamp> accepted_until(const api::BackupConfiguration& plan);

/// The plan's backups that look unusual and that nobody has accepted, the oldest first. While there
/// is one, no backup of the plan expires: the good ones before it may be needed.
std::vector<api::Snapshot> unaccepted_backups(const World& world,
                                              const api::BackupConfiguration& plan);

/// Conditions DataLooksUnusual and RetentionHeld of a plan; both are absent when all is well. Pure.
void note_unusual(api::Conditions& conditions, const api::BackupConfiguration& plan,
                  const std::vector<api::Snapshot>& unaccepted, Timestamp now);

}  // namespace dmaas::controller
