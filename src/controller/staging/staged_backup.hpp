#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/copy_session.hpp"
#include "api/snapshot.hpp"
#include "api/verification_session.hpp"
#include "controller/staging/decide_staging.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// A backup on the stage of its plan.
struct StagedBackup {
  api::Snapshot snapshot{};
  api::BackupConfiguration plan{};
  const api::PlanStaging& staging() const { return *plan.spec.stage_and_verify_first; }
};

/// What a Snapshot shows, when it is a complete backup that this cluster took on the stage of a
/// plan that still stages.
std::optional<StagedBackup> find_staged(const World& world, api::Snapshot snapshot);

/// Whether backups on `storage` are on the plan's stage, where its retention policy does not hold.
bool is_stage(const api::BackupConfiguration& plan, const kube::ObjectKey& storage);

/// The VerificationSession that a staged backup is verified by; the same whenever it is made.
api::VerificationSession staged_verification(const StagedBackup& backup,
                                             api::VerificationSettings settings);
/// The CopySession that copies it to a storage, for the `attempt`-th time from 0.
api::CopySession staged_copy(const StagedBackup& backup, const kube::ObjectKey& storage,
                             int attempt);

/// Where the copies stand, one for each storage, from the sessions that were made for them.
std::vector<StagedCopy> copies_of(const std::vector<kube::ObjectKey>& storages,
                                  const std::vector<api::CopySession>& sessions);

/// Reason of condition StagingPassed once every storage has had the backup: it is not copied again,
/// though retention or a person removes it there, and sessions go after a time.
inline constexpr std::string_view copied_reason = "Copied";
/// Those that are known to be there, though no session tells of it any more.
void note_known_copies(const World& world, const StagedBackup& backup,
                       std::vector<StagedCopy>& copies);

/// Condition StagingPassed of a plan, from that of its newest staged backup; absent without one.
void note_staging(const World& world, api::BackupConfiguration& plan);

}  // namespace dmaas::controller
