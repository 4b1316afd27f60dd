#pragma once

#include <memory>
#include <stop_token>

#include "api/backup_storage.hpp"
#include "api/references.hpp"
#include "controller/world.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::controller {

/// A repository that sessions of this cluster write to, and the Repository object that shows it.
struct OwnRepository {
  kube::ObjectKey object{};
  api::BackupStorage storage{};
  RepositoryPlace place{};
  api::ApplicationIdentity application{};
};

/// The object of a namespace that shows `place`: the one that is there, else of the name that the
/// first backup gives it.
kube::ObjectKey repository_object_of(const World& world, const std::string& namespace_name,
                                     const RepositoryPlace& place, const std::string& application);

/// Opens it, made when there has never been one. One that was there and is not any more is not made
/// anew: the storage may be another one than it was, such as a directory whose disk is not mounted.
/// Errors: as Vault::open.
Result<std::shared_ptr<OpenRepository>> open_own_repository(World& world, const OwnRepository& own,
                                                            std::stop_token stop);

/// Makes or refreshes the object. Errors: permission_denied (it belongs to another cluster).
Result<> ensure_repository_object(World& world, const OwnRepository& own,
                                  engine::Repository& repository, std::stop_token stop);

}  // namespace dmaas::controller
