#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/conditions.hpp"
#include "api/object.hpp"
#include "api/restore_session.hpp"
#include "api/verification.hpp"

namespace dmaas::api {

struct VerificationSessionSpec {
  std::optional<LocalReference> verifier{};
  NamespacedReference repository{};
  std::string snapshot = "latest";
  VerificationSettings verification{};

  static void fields(auto& self, auto&& field) {
    field("verifierRef", self.verifier,
          "The BackupVerifier that started it, in the same namespace; absent on demand.");
    field("repositoryRef", self.repository, "The Repository whose backup is verified.",
          rule::required);
    field("snapshot", self.snapshot, "Name of a Snapshot beside the Repository, or latest.",
          rule::with_default, rule::min_length(1), rule::max_length(253));
    field("verification", self.verification, "How it is verified.");
    field.rule("self == oldSelf", "a session cannot be changed: create a new one instead");
  }
};

enum class VerificationPhase {
  pending,
  isolating,
  restoring,
  launching,
  checking,
  cleaning_up,
  succeeded,
  failed,
  cancelled,
};
constexpr auto names_of(VerificationPhase) {
  return std::to_array<std::string_view>({"Pending", "Isolating", "Restoring", "Launching",
                                          "Checking", "CleaningUp", "Succeeded", "Failed",
                                          "Cancelled"});
}
constexpr bool is_final(VerificationPhase phase) {
  return phase >= VerificationPhase::succeeded;
}

struct CheckResult {
  std::string name{};
  StageState state = StageState::pending;
  std::optional<Timestamp> start_time{};
  std::optional<Timestamp> completion_time{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of the check.", rule::required);
    field("state", self.state, "Whether it passed.", rule::always);
    field("startTime", self.start_time, "When it began.");
    field("completionTime", self.completion_time, "When it ended.");
    field("message", self.message, "What was seen, and what was expected.");
  }
};

struct VerificationSessionStatus {
  VerificationPhase phase = VerificationPhase::pending;
  std::string snapshot{};
  std::string snapshot_id{};
  std::string plan{};
  std::string source_namespace{};
  std::optional<Timestamp> backup_time{};
  std::optional<Timestamp> start_time{};
  std::optional<Timestamp> completion_time{};
  std::optional<std::chrono::nanoseconds> time_to_recover{};
  std::optional<std::chrono::nanoseconds> recovery_point{};
  std::string scratch_namespace{};
  std::string scratch_namespace_uid{};
  std::string restore_session{};
  std::vector<StageStatus> steps{};
  std::vector<CheckResult> checks{};
  std::vector<std::string> warnings{};
  std::string message{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("phase", self.phase, "Where the session stands.", rule::always);
    field("snapshot", self.snapshot, "Name of the backup that is verified.");
    field("snapshotId", self.snapshot_id, "Id of the restic snapshot of its resources component.");
    field("plan", self.plan, "Plan that made the backup, as namespace/name.");
    field("sourceNamespace", self.source_namespace, "Namespace of the application in the backup.");
    field("backupTime", self.backup_time, "The moment that the backup shows.");
    field("startTime", self.start_time, "When the session started.");
    field("completionTime", self.completion_time, "When it ended.");
    field("timeToRecover", self.time_to_recover,
          "Measured: from the start of the restore until the application was ready.");
    field("recoveryPoint", self.recovery_point,
          "Measured: age of the backup's data when the session started.");
    field("namespace", self.scratch_namespace, "The scratch namespace.");
    field("namespaceUid", self.scratch_namespace_uid,
          "UID of the scratch namespace, while there is one.");
    field("restoreSession", self.restore_session,
          "Name of the RestoreSession, in the session's namespace.");
    field("steps", self.steps, "What it does, in this order.", rule::keys("name"));
    field("checks", self.checks, "Results of the checks.", rule::keys("name"), rule::max_items(32));
    field("warnings", self.warnings, "What a person should know; the first 50.",
          rule::max_items(50));
    field("message", self.message, "In one sentence: what happened, and what helps.");
    field("conditions", self.conditions,
          "Complete and Failed, each with reason and message. Isolated: what the probe found.",
          rule::keys("type"));
  }
};

using VerificationSession = Object<VerificationSessionSpec, VerificationSessionStatus>;
template <>
const KindInfo& kind_info<VerificationSession>();

}  // namespace dmaas::api
