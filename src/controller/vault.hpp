#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include "api/backup_storage.hpp"
#include "api/work_order.hpp"
#include "controller/settings.hpp"
#include "engine/repository/repository.hpp"
#include "kube/client/client.hpp"
#include "storage/object_store.hpp"

namespace dmaas::controller {

/// Where a repository is.
struct RepositoryPlace {
  kube::ObjectKey storage{};
  std::string path{};

  auto operator<=>(const RepositoryPlace&) const = default;
};

/// A repository that the controller reaches through the gateway. Shared by sessions; Repository is
/// thread-safe.
struct OpenRepository {
  std::unique_ptr<storage::ObjectStore> store;
  std::unique_ptr<engine::Repository> repository;
};

/// Opens repositories, makes them, knows their passwords and holds their locks. The password of
/// each is a Secret in the system namespace; a repository that another cluster made opens by the
/// storage's recovery password, and one that does not open by it is refused: only with it can the
/// repository outlive the cluster. Thread-safe.
class Vault {
public:
  Vault(kube::Client& client, const Settings& settings, std::string cluster_uid, Clock& clock);

  enum class WhenAbsent { fail, create };
  /// From the cache, or opened now: up to a few seconds. Errors: not_found (no repository there),
  /// wrong_key, and those of the gateway; each names the remedy.
  Result<std::shared_ptr<OpenRepository>> open(const api::BackupStorage& storage,
                                               const std::string& path, WhenAbsent when_absent,
                                               std::stop_token stop);

  /// One restic lock is held on a repository while any session holds it here. Errors: locked (by
  /// somebody else, named).
  Result<> hold(const RepositoryPlace& place, const std::string& session_uid, std::stop_token stop);
  /// Lets go of everything that the session holds.
  void release(const std::string& session_uid);
  /// Drops what is cached for a storage, when its place or credentials changed.
  void forget(const kube::ObjectKey& storage);

  /// For work orders.
  api::OrderRepository order_for(const RepositoryPlace& place, const engine::MasterKey& key) const;
  std::string url_of(const RepositoryPlace& place) const;

private:
  struct Held {
    std::unique_ptr<engine::RepositoryLock> lock;
    std::set<std::string> sessions;
  };

  Result<std::unique_ptr<storage::ObjectStore>> open_store(const RepositoryPlace& place) const;
  Result<std::unique_ptr<engine::Repository>> open_or_create(storage::ObjectStore& store,
                                                             const api::BackupStorage& storage,
                                                             const std::string& path,
                                                             WhenAbsent when_absent,
                                                             std::stop_token stop);
  Result<std::unique_ptr<engine::Repository>> create(storage::ObjectStore& store,
                                                     const std::string& secret,
                                                     const std::string& recovery_password,
                                                     std::stop_token stop);
  /// Errors: wrong_key (the password opens none of the repository's keys).
  Result<> ensure_recovery(engine::Repository& repository, const std::string& password,
                           std::stop_token stop);
  Result<std::string> recovery_password(const api::BackupStorage& storage, std::stop_token stop);
  /// "" when there is none.
  Result<std::string> stored_password(const std::string& secret, std::stop_token stop);
  Result<> remove_own_stale_locks(engine::Repository& repository, std::stop_token stop);

  kube::Client& client_;
  const Settings& settings_;
  const std::string owner_prefix_;  // of lock owners of this cluster
  Clock& clock_;
  std::string ca_certificate_;
  std::mutex mutex_;
  std::map<RepositoryPlace, std::shared_ptr<OpenRepository>> open_;
  std::map<RepositoryPlace, Held> held_;
};

}  // namespace dmaas::controller
