#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "api/repository.hpp"
#include "api/restore_session.hpp"
#include "api/snapshot.hpp"
#include "api/verification_session.hpp"
#include "base/clock.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {

/// What a report is made of: all objects of the namespaces that were asked for.
struct AuditedState {
  std::vector<api::BackupConfiguration> plans{};
  std::vector<api::Repository> repositories{};
  std::vector<api::Snapshot> snapshots{};
  std::vector<api::BackupSession> backups{};
  std::vector<api::RestoreSession> restores{};
  std::vector<api::VerificationSession> verifications{};
  std::vector<kube::ObjectKey> claims{};
};

struct AuditPeriod {
  Timestamp from{};
  Timestamp to{};
};

/// One plan in the period.
struct PlanAudit {
  std::string plan{};
  std::string imposed_by{};
  std::vector<std::string> targets{};
  std::vector<std::string> storages{};
  std::vector<std::string> schedules{};
  bool paused = false;
  bool secrets_excluded = false;
  std::int32_t backups = 0;
  std::optional<Timestamp> oldest_backup_time{};
  std::optional<Timestamp> newest_backup_time{};
  std::optional<std::chrono::nanoseconds> longest_gap{};
  std::optional<std::chrono::nanoseconds> recovery_point_objective{};
  std::int32_t failed_sessions = 0;
  std::string last_failure{};
  std::int32_t verified_backups = 0;
  std::optional<Timestamp> last_verified_time{};
  std::optional<std::chrono::nanoseconds> time_to_recover{};

  bool keeps_objective() const {
    return !recovery_point_objective || (longest_gap && *longest_gap <= *recovery_point_objective);
  }

  static void fields(auto& self, auto&& field) {
    field("plan", self.plan, "The BackupConfiguration, as namespace/name.", rule::required);
    field("imposedBy", self.imposed_by, "The BackupPolicy that made it.");
    field("targets", self.targets, "What it protects.");
    field("storages", self.storages, "Where the backups go.");
    field("schedules", self.schedules, "When its runs start.");
    field("paused", self.paused, "Whether it is paused now.", rule::always);
    field("secretsExcluded", self.secrets_excluded, "Whether Secrets are left out.", rule::always);
    field("backups", self.backups, "Complete backups of the period that are kept.", rule::always);
    field("oldestBackupTime", self.oldest_backup_time, "Time of the oldest of them.");
    field("newestBackupTime", self.newest_backup_time, "Time of the newest of them.");
    field("longestGap", self.longest_gap,
          "Longest time without a backup, from the oldest of them to the end of the period.");
    field("recoveryPointObjective", self.recovery_point_objective,
          "How old the newest backup may be by the plan's objectives.");
    field("failedSessions", self.failed_sessions,
          "Sessions of the period that failed, as far as they are kept.", rule::always);
    field("lastFailure", self.last_failure, "What the newest of them said.");
    field("verifiedBackups", self.verified_backups,
          "Backups of the period that were restored on trial, and passed.", rule::always);
    field("lastVerifiedTime", self.last_verified_time, "When that was last found.");
    field("timeToRecover", self.time_to_recover, "How long that restore took.");
  }
};

struct RestoreAudit {
  std::string session{};
  std::optional<Timestamp> time{};
  std::string backup{};
  std::string account{};
  std::string stage{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("session", self.session, "The RestoreSession, as namespace/name.", rule::required);
    field("time", self.time, "When it started.");
    field("backup", self.backup, "The backup that it restored.");
    field("account", self.account, "The account it acted as; empty: that of the namespace.");
    field("stage", self.stage, "How it ended, or where it stands.");
    field("message", self.message, "What it says.");
  }
};

/// For an auditor: what was protected in a period, how well, and what was not.
struct AuditReport {
  Timestamp from{};
  Timestamp to{};
  std::vector<PlanAudit> plans{};
  std::vector<std::string> unprotected_claims{};
  std::vector<std::string> unhealthy_repositories{};
  std::int32_t verifications = 0;
  std::int32_t failed_verifications = 0;
  std::vector<RestoreAudit> restores{};

  static void fields(auto& self, auto&& field) {
    field("from", self.from, "Beginning of the period.", rule::required);
    field("to", self.to, "End of the period.", rule::required);
    field("plans", self.plans, "Every plan.");
    field("unprotectedClaims", self.unprotected_claims,
          "PersistentVolumeClaims that no plan backs up, as namespace/name.");
    field("unhealthyRepositories", self.unhealthy_repositories,
          "Repositories whose last check found damage, with what it found.");
    field("verifications", self.verifications, "Trial restores of the period, as far as kept.",
          rule::always);
    field("failedVerifications", self.failed_verifications, "Those that failed.", rule::always);
    field("restores", self.restores, "Restores of the period, as far as kept.");
  }
};

/// Pure. Only what is kept can be counted: sessions up to the history limit of their plan, backups
/// until retention erases them.
AuditReport audit(const AuditedState& state, const AuditPeriod& period);
/// Markdown; ends with a newline.
std::string audit_text(const AuditReport& report);

}  // namespace dmaas::cli
