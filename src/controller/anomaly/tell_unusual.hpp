#pragma once

#include <stop_token>
#include <string>

#include "api/backup_configuration.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Compares a backup that was published just now with the earlier ones of its repository, and gives
/// its Snapshot condition DataLooksUnusual when it has to. Once a person has accepted what looked
/// unusual, that backup and later ones are the measure. Repeating it changes nothing.
Result<> tell_unusual(World& world, const api::BackupConfiguration& plan,
                      const kube::ObjectKey& backup, std::stop_token stop);

}  // namespace dmaas::controller
