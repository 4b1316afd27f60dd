#pragma once

#include <stop_token>
#include <string>

#include "api/backup_document.hpp"
#include "api/repository.hpp"
#include "controller/world.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::controller {

/// A backup as its document and the id of its resources component name it.
struct CommittedBackup {
  const api::BackupDocument& document;
  const std::string& snapshot_id;
};
/// Makes the Snapshot object that shows a backup beside `repository`, and its status; the same
/// backup twice is the same object. Returns the object's name.
Result<std::string> publish_backup(World& world, const kube::ObjectKey& repository,
                                   std::string_view repository_id, const CommittedBackup& backup,
                                   std::stop_token stop);

/// Whether this cluster may write to a repository with an owner. Errors: permission_denied, naming
/// the owner and the remedy.
Result<> check_owner(const World& world, const RepositoryPlace& place,
                     const api::ClusterIdentity& owner);

/// The cluster whose backups a repository holds: what the Repository object says, else what the
/// newest backup says. Nothing: it holds none that can be read.
Result<std::optional<api::ClusterIdentity>> find_owner(const World& world,
                                                       const kube::ObjectKey& object,
                                                       engine::Repository& repository,
                                                       std::stop_token stop);

}  // namespace dmaas::controller
