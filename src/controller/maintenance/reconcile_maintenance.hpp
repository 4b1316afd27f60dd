#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "api/backup_storage.hpp"
#include "api/repository.hpp"
#include "controller/movers.hpp"
#include "controller/references.hpp"
#include "controller/work_source.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// Maintains the repositories of this cluster: by schedule, when backups were deleted, and when
/// asked by annotation. One maintenance is a way through these phases; the status is its only
/// memory:
///
///   Idle → Waiting (for sessions that use it, while none begins; then for the exclusive lock;
///   then what has expired is marked) → Running (a mover works) → Finishing → Idle
///
/// A repository that stays in use is left in peace for a while, so that its backups go on.
class MaintenanceReconciler final : public kube::Reconciler, public WorkSource {
public:
  explicit MaintenanceReconciler(World& world) : world_(world) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  void forget(const kube::ObjectKey& key) override;
  std::string_view session_kind() const override { return "Repository"; }
  std::optional<api::OrderSession> session_of(const std::string& pod_uid) const override;
  Result<std::optional<api::WorkOrder>> order_for(const std::string& pod_uid,
                                                  std::stop_token stop) override;
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  struct Work {
    api::Repository repository{};
    api::BackupStorage storage{};

    RepositoryPlace place() const { return place_of(repository); }
    api::MaintenanceStatus& status() { return repository.status.maintenance; }
  };

  /// What fails for good ends the maintenance; what may pass is tried again.
  Result<kube::Action> step(Work& work, std::stop_token stop);
  Result<kube::Action> advance(Work& work, std::stop_token stop);
  /// Idle: whether it begins, or when to look again.
  Result<kube::Action> begin(Work& work, std::stop_token stop);
  std::size_t count_others(const api::Repository& repository) const;
  Result<kube::Action> wait(Work& work);
  Result<> take_lock(const Work& work, std::stop_token stop);
  /// Takes the lock and marks what has expired. Off the reconciler's thread.
  Result<Json> prepare(const Work& work, std::stop_token stop);
  Result<kube::Action> run(Work& work, std::stop_token stop);
  /// Takes the lock over from an earlier process. False: not yet.
  Result<bool> keep_hold(const Work& work);
  MoverWish wish_for(const Work& work) const;
  Result<kube::Action> finish(Work& work, std::stop_token stop);
  void note_success(Work& work, api::MaintenanceReport report);
  void note_check(api::Repository& repository, const api::MaintenanceReport& report);
  void note_failure(Work& work, std::string message);
  /// Back to Idle, to be tried again after a while.
  void postpone(Work& work, std::string message, std::chrono::nanoseconds delay);
  std::optional<api::Repository> find_by_mover(const std::string& pod_uid) const;
  Result<> release_erased(const Work& work, std::stop_token stop);

  World& world_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
  std::mutex mutex_;
  std::map<kube::ObjectKey, std::string> under_way_;  // uids, for objects that vanish
};

}  // namespace dmaas::controller
