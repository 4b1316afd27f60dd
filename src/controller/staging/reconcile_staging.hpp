#pragma once

#include <vector>

#include "controller/staging/staged_backup.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// Brings backups from the stage of their plan to its storages: has each verified there, has what
/// passed copied, and deletes staged ones in time. What it knows stands in condition StagingPassed
/// of the Snapshot and in the sessions that it makes under names that follow from the backup: a
/// controller that starts anew goes on where the last one stopped.
class StagingReconciler final : public kube::Reconciler {
public:
  explicit StagingReconciler(World& world) : world_(world) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;

private:
  Result<StagedVerdict> find_verdict(StagedBackup& backup, std::stop_token stop);
  Result<api::VerificationSettings> settings_of(const StagedBackup& backup) const;
  /// Makes the session that verifies it; the reason why not, where it cannot be said how.
  Result<std::string> verify(StagedBackup& backup, std::stop_token stop);
  Result<std::vector<api::CopySession>> load_copies(const StagedBackup& backup,
                                                    std::stop_token stop);
  Result<kube::Action> act(StagedBackup& backup, const StagedFacts& facts, std::stop_token stop);
  /// Makes the sessions that copy; the reasons why not, where a storage has no room.
  Result<std::string> copy(const StagedBackup& backup, const StagedFacts& facts,
                           const std::vector<std::string>& storages, std::stop_token stop);
  Result<> start_copy(const StagedBackup& backup, const kube::ObjectKey& storage, int attempt,
                      std::stop_token stop);
  /// The copies are as verified, and as unusual, as what they are copies of.
  Result<> mark_copies(const StagedBackup& backup, const std::vector<api::CopySession>& sessions,
                       std::stop_token stop);
  Result<> mark_copy(const api::SnapshotStatus& staged, const api::Snapshot& copy,
                     std::stop_token stop);
  /// Condition StagingPassed of Snapshot and session.
  Result<> tell(StagedBackup& backup, api::Condition condition, std::stop_token stop);
  Result<> expire(const StagedBackup& backup, std::stop_token stop);

  World& world_;
};

}  // namespace dmaas::controller
