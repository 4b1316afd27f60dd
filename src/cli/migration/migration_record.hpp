#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/in_place.hpp"
#include "base/fields.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

/// A migration is a plan's application that moves to a Standby. What is wanted, and what nothing
/// else shows, is in an annotation of the plan, so that a command can end and another one go on.
namespace dmaas::cli {

enum class MigrationGoal {
  synced,       // the destination follows
  migrated,     // the application runs there, and is stopped here
  stopped,      // nothing goes on; the application runs here
  rolled_back,  // it ran there, and runs here again
};
constexpr auto names_of(MigrationGoal) {
  return std::to_array<std::string_view>({"Synced", "Migrated", "Stopped", "RolledBack"});
}

struct MigrationRecord {
  std::string standby_namespace{};
  std::string standby{};
  std::string destination_uid{};
  std::string context{};
  std::string kubeconfig{};
  MigrationGoal goal = MigrationGoal::migrated;
  std::int32_t rounds = 0;
  std::string session{};
  std::string last_session{};
  bool was_paused = false;
  bool is_stopping = false;
  std::vector<api::StoppedWorkload> workloads{};

  static void fields(auto& self, auto&& field) {
    field("standbyNamespace", self.standby_namespace, "Namespace of the Standby.", rule::required);
    field("standby", self.standby, "Its name.", rule::required);
    field("destinationUid", self.destination_uid, "UID of the cluster that it is in.");
    field("context", self.context, "Context by which a person reaches that cluster.");
    field("kubeconfig", self.kubeconfig, "The file that has it.");
    field("goal", self.goal, "What is wanted.", rule::always);
    field("rounds", self.rounds, "Backups that were taken while the application ran.");
    field("session", self.session, "The newest of their sessions.");
    field("lastSession", self.last_session, "The session of the backup after it was stopped.");
    field("wasPaused", self.was_paused, "Whether the plan was paused before.");
    field("isStopping", self.is_stopping, "The application is to be stopped, or is.");
    field("workloads", self.workloads, "What was stopped, and what it gets back.");
  }
};

/// Of a plan; nothing when it has none. Errors: invalid_input (somebody has written into it).
Result<std::optional<MigrationRecord>> migration_of(const Json& plan);
/// Merge patch of a plan: it is paused while the application is stopped. Conflicts when the plan is
/// not the one that was read. Errors: as migration_of.
Result<Json> migration_patch(const Json& plan, const MigrationRecord& record);
/// Forgets the migration. The plan stays paused when it is.
Json forget_migration_patch();

}  // namespace dmaas::cli
