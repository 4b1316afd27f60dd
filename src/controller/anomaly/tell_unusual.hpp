#pragma once

#include <stop_token>
#include <string>

#include "api/backup_configuration.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Writes condition DataLooksUnusual, which stays when the backup is published anew.
inline constexpr const char* anomaly_manager = "dmaas-anomaly";

/// Compares a backup that was published just now with the earlier ones of its plan, and gives its
/// Snapshot condition DataLooksUnusual when it has to. Once a person has accepted what looked
/// unusual, that backup and later ones are the measure. Repeating it changes nothing.
Result<> tell_unusual(World& world, const api::BackupConfiguration& plan,
                      const kube::ObjectKey& backup, std::stop_token stop);

}  // namespace dmaas::controller
