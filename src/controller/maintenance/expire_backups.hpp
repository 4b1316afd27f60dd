#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "api/repository.hpp"
#include "api/snapshot.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Names of those of these backups, all of one plan ("namespace/name"), that its retention policy
/// for a storage does not keep; none when there is no plan or no policy. Errors: not_found,
/// invalid_input (a policy).
Result<std::vector<std::string>> find_expired(const World& world, const std::string& plan,
                                              const kube::ObjectKey& storage,
                                              const std::vector<api::Snapshot>& backups);

/// Deletes, with their backups, the Snapshot objects that the retention policies of their plans do
/// not keep. Only complete backups of this cluster whose plan exists are judged; everything else
/// stays, and all of a plan whose data look unusual until a person has accepted it. Errors:
/// not_found, invalid_input (a policy).
Result<> expire_backups(World& world, const api::Repository& repository, std::stop_token stop);

/// Snapshot objects of the repository that wait for their backup to be erased.
std::vector<api::Snapshot> erased_backups(const World& world, const kube::ObjectKey& repository);
/// The same, as the server has them now, without those that are only let go since their namespace
/// or definition is deleted, or since they may not be erased (controller/pardon.hpp). Errors: those
/// of the API server.
Result<std::vector<api::Snapshot>> list_erased_backups(World& world,
                                                       const kube::ObjectKey& repository,
                                                       std::stop_token stop);

}  // namespace dmaas::controller
