#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/conditions.hpp"
#include "api/object.hpp"
#include "api/verification.hpp"

namespace dmaas::api {

struct BackupVerifierSpec {
  std::vector<LocalReference> plans{};
  std::vector<NamespacedReference> repositories{};
  std::string schedule{};
  std::string time_zone{};
  bool after_backup = false;
  std::int32_t history_limit = 10;
  VerificationSettings verification{};

  static void fields(auto& self, auto&& field) {
    field("plans", self.plans,
          "Plans of this namespace; their newest backup in every repository is verified.",
          rule::max_items(32));
    field("repositories", self.repositories, "Further repositories; likewise.",
          rule::max_items(32));
    field("schedule", self.schedule,
          "Cron expression of five fields, such as 0 6 * * *, or @daily, @weekly, @monthly. Each "
          "time one session starts for every repository.",
          rule::max_length(200));
    field("timeZone", self.time_zone,
          "Time zone of the schedule, such as Europe/Berlin; UTC when empty.",
          rule::max_length(64));
    field("afterBackup", self.after_backup,
          "Verify each new backup; only the newest where several came meanwhile.");
    field("historyLimit", self.history_limit,
          "How many finished sessions are kept of each repository.", rule::with_default,
          rule::minimum(1), rule::maximum(200));
    field("verification", self.verification, "How a backup is verified.");
    field.rule(
        "(has(self.plans) && size(self.plans) > 0) || (has(self.repositories) && "
        "size(self.repositories) > 0)",
        "name at least one of plans and repositories");
  }
};

/// The last verification of one repository.
struct VerifierResult {
  std::string repository{};
  std::optional<Timestamp> last_backup_time{};
  std::string session{};
  std::string phase{};
  std::string backup{};
  std::optional<Timestamp> time{};
  std::optional<std::chrono::nanoseconds> time_to_recover{};
  std::optional<std::chrono::nanoseconds> recovery_point{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("repository", self.repository, "The Repository, as namespace/name.", rule::required);
    field("lastBackupTime", self.last_backup_time,
          "Time of the newest backup for which a session was started.");
    field("session", self.session, "The newest session that has ended.");
    field("phase", self.phase, "How it ended.");
    field("backup", self.backup, "Name of the Snapshot that it verified.");
    field("time", self.time, "When it ended.");
    field("timeToRecover", self.time_to_recover,
          "From the start of the restore until the application was ready.");
    field("recoveryPoint", self.recovery_point, "Age of the backup's data at that verification.");
    field("message", self.message, "What it found.");
  }
};

struct BackupVerifierStatus {
  std::int64_t observed_generation = 0;
  std::optional<Timestamp> next_time{};
  std::optional<Timestamp> last_scheduled_time{};
  std::vector<VerifierResult> results{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that this status is about.");
    field("nextTime", self.next_time, "When the schedule starts the next sessions.");
    field("lastScheduledTime", self.last_scheduled_time,
          "The scheduled time of the last sessions.");
    field("results", self.results, "The last result of each repository.", rule::keys("repository"),
          rule::max_items(200));
    field("conditions", self.conditions,
          "Ready: whether it can work. Verified: whether the last verification of every repository "
          "succeeded.",
          rule::keys("type"));
  }
};

using BackupVerifier = Object<BackupVerifierSpec, BackupVerifierStatus>;
template <>
const KindInfo& kind_info<BackupVerifier>();

}  // namespace dmaas::api
