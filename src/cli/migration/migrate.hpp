#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "api/backup_configuration.hpp"
#include "cli/cluster/connection.hpp"
#include "cli/migration/decide_migration.hpp"

namespace dmaas::cli {

/// Both sides of a migration. Of one cluster they are the same client.
struct MigrationSides {
  kube::Client& source;
  kube::Client& destination;
  kube::ObjectKey plan{};
};

/// The plan with the record of its migration. Errors: not_found (there is no such plan, or it has
/// no migration).
struct MigratedPlan {
  api::BackupConfiguration plan{};
  MigrationRecord record{};
};
Result<MigratedPlan> load_migration(kube::Client& source, const kube::ObjectKey& plan,
                                    std::stop_token stop);
/// Writes the record over the one that was read. Errors: conflict (another command has gone on).
Result<> save_migration(kube::Client& source, MigratedPlan& migrated, std::stop_token stop);

/// What both sides show now.
Result<MigrationScene> look_at_migration(const MigrationSides& sides, const MigratedPlan& migrated,
                                         std::stop_token stop);

/// Does what `decide_migration` says until nothing is left to do, and tells of each step. Whatever
/// it is in when it is killed, another call goes on from there.
Result<MigratedPlan> drive_migration(const MigrationSides& sides, std::stop_token stop);

}  // namespace dmaas::cli
