#pragma once

#include <stop_token>

#include "api/backup_configuration.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Whether a plan keeps the bounds of the policy that it names, and whether its storages are open
/// to it by a policy where their `usage` says so. Plans of the system namespace are the
/// administrator's own and are not bound. Errors: permission_denied (fields and remedies),
/// not_found (the policy or a storage is not there yet), and those of the API server.
Result<> check_policy(World& world, const api::BackupConfiguration& plan, std::stop_token stop);

}  // namespace dmaas::controller
