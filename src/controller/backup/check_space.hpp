#pragma once

#include <string>
#include <vector>

#include "api/backup_session.hpp"
#include "applications/application.hpp"
#include "controller/backup/backup_work.hpp"
#include "controller/space/space_need.hpp"

namespace dmaas::controller {

/// For each storage of the work whether it has room for what belongs to the application now. By
/// what is known already: asks nobody.
std::vector<StorageVerdict> check_space(const World& world, const BackupWork& work,
                                        const applications::Application& application);

/// The same for a copy of a backup of the plan.
StorageVerdict check_copy_space(const World& world, const api::BackupConfiguration& plan,
                                const api::Snapshot& backup, const api::BackupStorage& storage);

/// Writes the verdicts into the status: figures, condition SpaceSufficient, and storages without
/// room are dropped. Pure.
void note_space(api::BackupSessionStatus& status, const std::vector<StorageVerdict>& verdicts,
                Timestamp now);

/// A storage has answered that it is full, whatever was expected: condition SpaceSufficient says
/// so. Pure.
void note_full(api::BackupSessionStatus& status, const std::string& storage,
               const std::string& message, Timestamp now);

/// Condition SpaceSufficient of a plan, from what the last backup was made of. Where nothing is
/// known, it is what the last session met.
api::Condition judge_plan_space(const World& world, const api::BackupConfiguration& plan,
                                const std::vector<api::BackupStorage>& storages,
                                const api::BackupSession* last_session);

}  // namespace dmaas::controller
