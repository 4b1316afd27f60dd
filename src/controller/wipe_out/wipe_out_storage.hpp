#pragma once

#include <stop_token>
#include <string>

#include "api/backup_storage.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Whether a storage must not go before something on it is erased: it says so itself, or a
/// Repository on it does.
bool outlives_its_deletion(const World& world, const api::BackupStorage& storage);

/// Of a storage that is being deleted: has every repository of this cluster on it wiped out when
/// the storage says so, and says what is waited for; "" when nothing is. Errors: those of the API
/// server.
Result<std::string> wipe_out_repositories(World& world, const api::BackupStorage& storage,
                                          std::stop_token stop);

}  // namespace dmaas::controller
