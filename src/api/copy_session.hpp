#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/backup_session.hpp"
#include "api/conditions.hpp"
#include "api/object.hpp"
#include "api/references.hpp"

namespace dmaas::api {

/// Which backups are copied: named ones, or all that are missing.
struct CopySelection {
  static constexpr std::size_t max_backups = 100;

  std::vector<std::string> snapshots{};
  bool missing = false;

  static void fields(auto& self, auto&& field) {
    field("snapshots", self.snapshots,
          "Names of Snapshots beside the source's Repository, copied in this order.",
          rule::max_items(max_backups));
    field("missing", self.missing,
          "All complete backups of the source that the destination lacks and that retention would "
          "keep there, the newest first; at most 100 by one session.");
    field.rule(
        "(has(self.snapshots) && size(self.snapshots) > 0) != "
        "(has(self.missing) && self.missing)",
        "give snapshots, or missing: true, not both");
  }
};

enum class CopyCause { demand, catch_up, staging };
constexpr auto names_of(CopyCause) {
  return std::to_array<std::string_view>({"Demand", "CatchUp", "Staging"});
}

struct CopySessionSpec {
  NamespacedReference source{};
  NamespacedReference storage{};
  CopySelection backups{};
  CopyCause cause = CopyCause::demand;
  std::optional<LocalReference> plan{};

  static void fields(auto& self, auto&& field) {
    field("sourceRepositoryRef", self.source, "The Repository whose backups are copied.",
          rule::required);
    field("storageRef", self.storage,
          "The BackupStorage they are copied to, into the repository at the source's path; it is "
          "made when there is none.",
          rule::required);
    field("backups", self.backups, "Which backups are copied.", rule::required);
    field("cause", self.cause,
          "Demand: a person or pipeline asked for it. CatchUp: the storage did not answer when the "
          "backups were taken. Staging: they were taken on another storage first.",
          rule::with_default);
    field("planRef", self.plan,
          "The BackupConfiguration that it is made for, in the same namespace; absent on demand.");
    field.rule("self == oldSelf", "a session cannot be changed: create a new one instead");
  }
};

enum class CopyPhase { pending, copying, succeeded, failed, cancelled };
constexpr auto names_of(CopyPhase) {
  return std::to_array<std::string_view>(
      {"Pending", "Copying", "Succeeded", "Failed", "Cancelled"});
}
constexpr bool is_final(CopyPhase phase) {
  return phase >= CopyPhase::succeeded;
}

enum class BackupCopyPhase { pending, copying, succeeded, failed };
constexpr auto names_of(BackupCopyPhase) {
  return std::to_array<std::string_view>({"Pending", "Copying", "Succeeded", "Failed"});
}
constexpr bool is_final(BackupCopyPhase phase) {
  return phase >= BackupCopyPhase::succeeded;
}

/// One backup of a session.
struct BackupCopy {
  std::string snapshot{};
  std::string snapshot_id{};
  BackupCopyPhase phase = BackupCopyPhase::pending;
  std::string copied_id{};
  std::string copy{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("snapshot", self.snapshot, "Name of the source's Snapshot.", rule::required);
    field("snapshotId", self.snapshot_id,
          "Id of the restic snapshot of its resources component at the source.");
    field("phase", self.phase, "Where it stands.", rule::always);
    field("copiedId", self.copied_id, "Id of that component's snapshot at the destination.");
    field("copy", self.copy,
          "Name of the Snapshot that shows the copy, in the namespace of the session.");
    field("message", self.message, "What went wrong, and what helps.");
  }
};

struct CopySessionStatus {
  CopyPhase phase = CopyPhase::pending;
  std::string repository{};
  std::vector<BackupCopy> backups{};
  std::string progress{};
  std::int64_t bytes_total = 0;
  std::int64_t bytes_read = 0;
  std::int64_t bytes_added = 0;
  std::optional<Timestamp> start_time{};
  std::optional<Timestamp> completion_time{};
  std::optional<PodIdentity> pod{};
  std::int32_t attempts = 0;
  std::string message{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("phase", self.phase, "Where the session stands.", rule::always);
    field("repository", self.repository,
          "Name of the destination's Repository, in the namespace of the session.");
    field("backups", self.backups, "The backups that it copies, in this order.",
          rule::keys("snapshot"), rule::max_items(CopySelection::max_backups));
    field("progress", self.progress, "For people, such as 42%, 1/3 backups.");
    field("bytesTotal", self.bytes_total,
          "Bytes that the destination lacked when the mover began, as far as known.");
    field("bytesRead", self.bytes_read, "Bytes read from the source so far.");
    field("bytesAdded", self.bytes_added, "Bytes that are new at the destination.");
    field("startTime", self.start_time, "When it started.");
    field("completionTime", self.completion_time, "When it ended.");
    field("pod", self.pod, "Its mover, while there is one.");
    field("attempts", self.attempts, "How many movers were started for it.");
    field("message", self.message, "In one sentence: what happened, and what helps.");
    field("conditions", self.conditions, "Complete and Failed, each with reason and message.",
          rule::keys("type"));
  }
};

using CopySession = Object<CopySessionSpec, CopySessionStatus>;
template <>
const KindInfo& kind_info<CopySession>();

}  // namespace dmaas::api
