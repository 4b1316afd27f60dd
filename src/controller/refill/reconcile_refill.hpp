#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "api/restore_configuration.hpp"
#include "controller/restore/restore_source.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// Starts RestoreSessions that it owns when the schedule of a RestoreConfiguration says so, one at
/// a time. When is decided by `decide_refill`; a start whose backup is the one that was restored
/// last is skipped. Deleting a RestoreConfiguration deletes its sessions, which wind themselves up,
/// and leaves what they restored.
class RefillReconciler final : public kube::Reconciler {
public:
  /// Which backup a session would restore; may ask the storage, and is called in the background.
  using FindBackup = std::function<Result<ChosenBackup>(
      const SourceRepository& source, const api::RestoreSource& wanted, std::stop_token stop)>;

  explicit RefillReconciler(World& world);
  RefillReconciler(World& world, FindBackup find_backup)
      : world_(world), find_backup_(std::move(find_backup)) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  using Refill = api::RestoreConfiguration;
  using Sessions = std::vector<api::RestoreSession>;

  /// Newest first.
  Result<Sessions> sessions_of(const Refill& refill, std::stop_token stop);
  void take_results(Refill& refill, const Sessions& sessions);
  /// Where its sessions read from. Errors: as those of a session that cannot begin.
  Result<SourceRepository> look_at(const Refill& refill) const;
  Result<> run_schedule(Refill& refill, const Sessions& sessions, std::stop_token stop);
  /// Nothing while it is looked for.
  std::optional<Result<ChosenBackup>> newest_backup(const Refill& refill,
                                                    const SourceRepository& source, Timestamp due);
  Result<> start(Refill& refill, Timestamp due, std::stop_token stop);
  void note_skip(Refill& refill, api::SkippedStart skipped);
  Result<> trim_history(const Refill& refill, const Sessions& sessions, std::stop_token stop);

  World& world_;
  FindBackup find_backup_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
};

}  // namespace dmaas::controller
