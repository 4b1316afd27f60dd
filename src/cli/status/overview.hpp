#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "api/backup_storage.hpp"
#include "api/backup_verifier.hpp"
#include "api/repository.hpp"
#include "api/restore_configuration.hpp"
#include "api/restore_session.hpp"
#include "base/clock.hpp"

namespace dmaas::cli {

/// What the overview is made of: all objects of the namespaces that were asked for.
struct ClusterState {
  std::vector<api::BackupStorage> storages{};
  std::vector<api::Repository> repositories{};
  std::vector<api::BackupConfiguration> plans{};
  std::vector<api::BackupSession> backups{};
  std::vector<api::RestoreSession> restores{};
  std::vector<api::BackupVerifier> verifiers{};
  std::vector<api::RestoreConfiguration> refills{};
};

/// Something that a person should look at.
struct Attention {
  std::string object{};  // "Plan shop/db"
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("object", self.object, "Kind namespace/name.", rule::required);
    field("message", self.message, "What is wrong, and what helps.");
  }
};

/// One screen for an operator.
struct Overview {
  std::int32_t storages = 0;
  std::int32_t storages_ready = 0;
  std::int32_t repositories = 0;
  std::int32_t plans = 0;
  std::int32_t plans_ready = 0;
  std::int32_t plans_paused = 0;
  std::string next_plan{};
  std::optional<Timestamp> next_run_time{};
  std::int64_t backups = 0;
  std::int64_t stored_bytes = 0;
  std::optional<Timestamp> newest_backup_time{};
  std::int32_t running_sessions = 0;
  std::int32_t succeeded_lately = 0;
  std::int32_t failed_lately = 0;
  std::int32_t verified = 0;
  std::int32_t verified_well = 0;
  std::vector<Attention> attention{};

  static void fields(auto& self, auto&& field) {
    field("storages", self.storages, "How many storages there are.", rule::always);
    field("storagesReady", self.storages_ready, "How many can be used.", rule::always);
    field("repositories", self.repositories, "How many repositories.", rule::always);
    field("plans", self.plans, "How many plans.", rule::always);
    field("plansReady", self.plans_ready, "How many can run.", rule::always);
    field("plansPaused", self.plans_paused, "How many are paused.", rule::always);
    field("nextPlan", self.next_plan, "The plan that runs next.");
    field("nextRunTime", self.next_run_time, "When it runs.");
    field("backups", self.backups, "Complete backups in all repositories.", rule::always);
    field("storedBytes", self.stored_bytes, "What all repositories take, as last measured.",
          rule::always);
    field("newestBackupTime", self.newest_backup_time, "Time of the newest backup of all.");
    field("runningSessions", self.running_sessions, "Sessions that have not ended.", rule::always);
    field("succeededLately", self.succeeded_lately,
          "Sessions of backups and restores that succeeded within 24 hours, as far as kept.",
          rule::always);
    field("failedLately", self.failed_lately, "Those that failed.", rule::always);
    field("verified", self.verified, "Repositories whose backups are verified.", rule::always);
    field("verifiedWell", self.verified_well, "Those whose last verification succeeded.",
          rule::always);
    field("attention", self.attention, "What a person should look at.");
  }
};

/// Pure.
Overview overview_of(const ClusterState& state, Timestamp now);
/// For a terminal; ends with a newline.
std::string overview_text(const Overview& overview, Timestamp now);

}  // namespace dmaas::cli
