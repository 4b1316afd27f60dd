#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/backup_session.hpp"
#include "api/standby.hpp"
#include "cli/migration/migration_record.hpp"

namespace dmaas::cli {

/// What is seen of both sides at one moment.
struct MigrationScene {
  MigrationRecord record{};
  std::optional<api::BackupSession> session{};       // of record.session
  std::optional<api::BackupSession> last_session{};  // of record.last_session
  std::optional<api::Standby> standby{};
  std::vector<std::string> running{};  // pods at the source that may write, or are ending
};

enum class MigrationStep {
  done,
  wait,              // for something that goes on by itself; `what` says for what
  name_round,        // write down the name of the next backup's session
  start_round,       // and start it
  name_workloads,    // write down what is to be stopped
  stop_source,       // and stop it
  name_last_backup,  // write down the name of the session of the last backup
  start_last_backup,
  activate,
  deactivate,
  start_source,  // give the workloads their replicas back
  follow,        // let the standby follow
  pause,         // let it rest
};

struct MigrationDecision {
  MigrationStep step = MigrationStep::done;
  std::string what{};  // for people
};

/// What comes next. Errors: internal (something failed), invalid_input (a person
/// has to choose), not_found (the standby is gone); the message says what helps. Pure.
Result<MigrationDecision> decide_migration(const MigrationScene& scene);

/// Backups are taken while the application runs until one brings little that is new, so that the
/// last one, for which it is stopped, does too; not more than so many.
inline constexpr std::int32_t max_rounds = 3;

/// Changes that make the application at the destination what it was at the source before it was
/// stopped: replicas, CronJobs, and its plan, which was paused. What a person wants wins. Pure.
api::RestoreChanges as_it_was(api::RestoreChanges wanted, const MigrationRecord& record,
                              const std::string& plan);

}  // namespace dmaas::cli
