#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_storage.hpp"
#include "api/work_order.hpp"
#include "controller/repository_place.hpp"
#include "controller/settings.hpp"
#include "engine/repository/repository.hpp"
#include "http/client.hpp"
#include "kube/client/client.hpp"
#include "storage/object_store.hpp"

namespace dmaas::controller {

/// A repository that the controller reaches through the gateway. Shared by sessions; Repository is
/// thread-safe.
struct OpenRepository {
  std::unique_ptr<storage::ObjectStore> store;
  std::unique_ptr<engine::Repository> repository;
};

/// Opens repositories, makes them, knows their passwords and holds their locks. The password of
/// each is a Secret in the system namespace; a repository that another cluster made opens by the
/// storage's recovery password, and one that does not open by it is refused: only with it can the
/// repository outlive the cluster. Thread-safe; calls for one repository wait for each other.
///
/// The lock of a process that ended stays on the storage and protects the movers that go on
/// working, until the next process takes it over (`hold`) or removes it (`release` and
/// `remove_former_locks`).
class Vault {
public:
  /// A repository and how it opens. All that is kept of a storage: its status grows with the number
  /// of repositories.
  struct Origin {
    Origin() = default;
    Origin(const api::BackupStorage& storage, const std::string& path);

    RepositoryPlace place{};
    api::SecretKeyReference recovery_password{};  // in the storage's namespace
  };

  Vault(kube::Client& client, const Settings& settings, std::string cluster_uid, Clock& clock);
  /// Leaves the locks that sessions hold on the storage.
  ~Vault();

  enum class WhenAbsent { fail, create };
  /// From the cache, or opened now: up to a few seconds. Errors: not_found (no repository there),
  /// wrong_key, and those of the gateway; each names the remedy.
  Result<std::shared_ptr<OpenRepository>> open(const api::BackupStorage& storage,
                                               const std::string& path, WhenAbsent when_absent,
                                               std::stop_token stop);

  /// As `open`, for a look at one of many: nothing is kept, and nobody waits for it.
  Result<std::shared_ptr<OpenRepository>> open_apart(const api::BackupStorage& storage,
                                                     const std::string& path, std::stop_token stop);

  /// One restic lock is held on a repository while any session holds it here. Errors: locked (by
  /// somebody else, named, or because it is held alone).
  Result<> hold(const RepositoryPlace& place, const std::string& session_uid, std::stop_token stop);
  /// The same, but nobody else may hold it meanwhile: for maintenance. The caller knows that no
  /// session of an earlier process works on it. Errors: locked.
  Result<> hold_alone(const RepositoryPlace& place, const std::string& holder_uid,
                      std::stop_token stop);
  bool is_held(const RepositoryPlace& place, const std::string& session_uid);
  /// Lets go of everything that the session holds, and removes the locks of an earlier process from
  /// `former`, which the session led to and does not need again. Takes some 5 s at most: what a
  /// storage does not answer by then, or somebody else keeps it from, is left to `tidy`.
  void release(const std::string& session_uid, const std::vector<Origin>& former,
               std::stop_token stop);
  /// Removes the lock of an earlier process from a repository that no session may lead to any more.
  /// Asks `is_used` only when there is such a lock: whether a session of an earlier process works
  /// on the repository, which then keeps it. What cannot be removed now is left to `tidy`.
  void remove_former_locks(const api::BackupStorage& storage, const std::string& path,
                           engine::Repository& opened, const std::function<bool()>& is_used,
                           std::stop_token stop);
  /// Removes locks that could not be removed when they should.
  void tidy(std::stop_token stop);
  /// Removes the password of a repository that is no more.
  Result<> remove_password(const RepositoryPlace& place, std::stop_token stop);
  /// Drops what is cached for a storage, when its place or credentials changed.
  void forget(const kube::ObjectKey& storage);

  /// For work orders.
  api::OrderRepository order_for(const RepositoryPlace& place, const engine::MasterKey& key) const;
  std::string url_of(const RepositoryPlace& place) const;

private:
  struct Entry {
    std::mutex gate;  // of all below it, also while the storage is asked
    Origin origin;
    std::shared_ptr<OpenRepository> opened;
    std::unique_ptr<engine::RepositoryLock> lock;
    bool is_alone = false;        // the one in `sessions` bears with nobody else
    bool has_taken_over = false;  // no lock of an earlier process is there

    // Of `mutex_`: sessions come in with the gate, and leave without it.
    std::optional<engine::ChunkerParameters> chunker;
    std::set<std::string> sessions;
    bool is_untidy = false;  // a lock of this process is to be removed when no session is left
  };
  struct OwnLock {
    Digest id;
    bool is_exclusive = false;
  };

  std::shared_ptr<Entry> entry_of(const RepositoryPlace& place);
  std::vector<std::pair<RepositoryPlace, std::shared_ptr<Entry>>> all_entries();
  /// Strikes the session out; those where it was the last, now untidy.
  std::vector<std::shared_ptr<Entry>> leave(const std::string& session_uid);
  bool has_sessions(const Entry& entry);
  bool has_session(const Entry& entry, const std::string& session_uid);
  bool is_untidy(const Entry& entry);
  void set_untidy(Entry& entry, bool is_untidy);
  /// Whoever has the gate may wait for a storage. Errors: cancelled.
  Result<std::unique_lock<std::mutex>> enter(Entry& entry, std::stop_token stop);
  void join(Entry& entry, const std::string& session_uid);
  Result<> take_lock(Entry& entry, engine::LockKind kind, std::stop_token stop);
  Result<> open_entry(Entry& entry, WhenAbsent when_absent, std::stop_token stop);
  /// Leaves the lock on the storage, where it goes with those of earlier processes, within the
  /// limits of time of whoever takes or tidies locks.
  static void drop_lock(Entry& entry);
  /// Unless a session uses it.
  void tidy_entry(Entry& entry, std::stop_token stop);
  /// What came of removing the locks of this cluster.
  void note_tidied(Entry& entry, const Result<>& tidied);
  /// All repositories share its connections: hundreds of them stay open.
  Result<std::shared_ptr<http::Client>> connect_to_gateway();
  Result<std::unique_ptr<storage::ObjectStore>> open_store(const RepositoryPlace& place);
  Result<std::unique_ptr<engine::Repository>> open_or_create(storage::ObjectStore& store,
                                                             const Origin& origin,
                                                             WhenAbsent when_absent,
                                                             std::stop_token stop);
  /// What a new repository is made of.
  struct NewRepository {
    std::string secret{};  // name of the one with its password
    std::string recovery_password{};
    engine::ChunkerParameters chunker{};
  };
  Result<std::unique_ptr<engine::Repository>> create(storage::ObjectStore& store,
                                                     const NewRepository& wanted,
                                                     std::stop_token stop);
  /// Those of the repository at the same path on another storage, as far as it is known: it gets
  /// the same data, and what one missed is copied from the other.
  engine::ChunkerParameters chunker_for(const RepositoryPlace& place);
  static Error wrong_recovery(const Origin& origin);
  /// Errors: wrong_key (the password opens none of the repository's keys).
  Result<> ensure_recovery(engine::Repository& repository, const std::string& password,
                           std::stop_token stop);
  Result<std::string> recovery_password(const Origin& origin, std::stop_token stop);
  /// "" when there is none.
  Result<std::string> stored_password(const std::string& secret, std::stop_token stop);
  engine::RepositoryOptions repository_options() const;
  Result<std::vector<OwnLock>> own_locks(engine::Repository& repository, std::stop_token stop);
  static Result<> remove_locks(engine::Repository& repository, const std::vector<OwnLock>& locks,
                               std::stop_token stop);

  kube::Client& client_;
  const Settings& settings_;
  const std::string owner_prefix_;  // of lock owners of this cluster
  Clock& clock_;
  std::string ca_certificate_;
  std::mutex mutex_;  // of all below
  std::shared_ptr<http::Client> gateway_;
  std::map<RepositoryPlace, std::shared_ptr<Entry>> entries_;
};

}  // namespace dmaas::controller
