#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "api/backup_storage.hpp"
#include "api/repository.hpp"
#include "controller/gateway_client.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// So many of a repository's backups have Snapshot objects, the newest.
inline constexpr std::size_t max_shown_backups = 100;

/// Opens the repository that a Repository object names, whoever made either of them, shows what it
/// is, and makes Snapshot objects of its newest backups beside it. Changes nothing on the storage;
/// an object that is deleted takes nothing with it.
class RepositoryReconciler final : public kube::Reconciler {
public:
  RepositoryReconciler(World& world, const GatewayClient& gateway)
      : world_(world), gateway_(gateway) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  void forget(const kube::ObjectKey& key) override;
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  /// What was seen at the last look, to tell whether another one is due.
  struct Look {
    std::int64_t generation = 0;
    std::size_t shown = 0;  // Snapshot objects, the fewest since then
    Timestamp time{};
  };

  /// Errors: not_found (storage is missing or not ready), permission_denied, invalid_input.
  Result<api::BackupStorage> find_ready_storage(const api::Repository& repository,
                                                std::stop_token stop) const;
  /// Until the next look is due though nothing is known to have changed.
  std::chrono::nanoseconds time_to_look(const kube::ObjectKey& key) const;
  bool must_look(const api::Repository& repository, std::size_t shown) const;
  void note_shown(const kube::ObjectKey& key, std::size_t shown);
  /// Whether one more look may begin; the one that goes on for this repository may go on.
  bool may_look(const kube::ObjectKey& key);
  void leave_queue(const kube::ObjectKey& key);
  /// The status that a look found; nothing while it goes on.
  Result<std::optional<api::RepositoryStatus>> look(const api::Repository& repository,
                                                    const api::BackupStorage& storage);
  void show_owner(api::Repository& repository) const;

  World& world_;
  const GatewayClient& gateway_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
  mutable std::mutex mutex_;
  std::map<kube::ObjectKey, Look> looks_;
  std::set<kube::ObjectKey> looking_;
};

}  // namespace dmaas::controller
