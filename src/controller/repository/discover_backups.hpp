#pragma once

#include <stop_token>

#include "api/backup_storage.hpp"
#include "api/repository.hpp"
#include "controller/gateway_client.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Opens the repository of an object and makes Snapshot objects of its newest backups that have
/// none. Returns what was found: format, id, counts, owner, application, and condition Ready with
/// warnings in its message. Takes seconds to minutes. Errors: not_found, naming paths
/// that exist; wrong_key; unsupported; and those of the storage.
Result<api::RepositoryStatus> discover_backups(World& world, const GatewayClient& gateway,
                                               const api::Repository& object,
                                               const api::BackupStorage& storage,
                                               std::stop_token stop);

/// The Snapshot objects beside a Repository object that show its backups.
std::vector<api::Snapshot> shown_backups(const World& world, const kube::ObjectKey& repository);

}  // namespace dmaas::controller
