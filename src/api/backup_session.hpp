#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/conditions.hpp"
#include "api/object.hpp"
#include "api/references.hpp"
#include "api/storage_space.hpp"

namespace dmaas::api {

struct BackupSessionSpec {
  LocalReference plan{};
  std::string run{};
  std::optional<RunType> type{};
  bool application_stopped = false;
  std::optional<Timestamp> scheduled_time{};
  std::string retry_of{};
  std::int32_t attempt = 0;

  static void fields(auto& self, auto&& field) {
    field("planRef", self.plan, "The BackupConfiguration, in the same namespace.", rule::required);
    field("run", self.run, "Run of the plan; the first one when empty.", rule::max_length(40));
    field("type", self.type, "Overrides the type of the run.");
    field("applicationStopped", self.application_stopped,
          "The application has no pods: hooks, which would run in them, are left out.");
    field("scheduledTime", self.scheduled_time,
          "When the schedule asked for it; absent on demand.");
    field("retryOf", self.retry_of, "The session that failed and is tried again by this one.",
          rule::max_length(63));
    field("attempt", self.attempt, "0: the first one of its scheduled time, 1: the first retry.",
          rule::minimum(0));
    field.rule("self == oldSelf", "a session cannot be changed: create a new one instead");
  }
};

enum class BackupPhase {
  pending,
  resolving,
  hooks_before,
  moving,
  hooks_after,
  committing,
  succeeded,
  failed,
  cancelled,
};
constexpr auto names_of(BackupPhase) {
  return std::to_array<std::string_view>({"Pending", "Resolving", "HooksBefore", "Moving",
                                          "HooksAfter", "Committing", "Succeeded", "Failed",
                                          "Cancelled"});
}
constexpr bool is_final(BackupPhase phase) {
  return phase >= BackupPhase::succeeded;
}

enum class ComponentPhase { pending, starting, moving, succeeded, failed };
constexpr auto names_of(ComponentPhase) {
  return std::to_array<std::string_view>({"Pending", "Starting", "Moving", "Succeeded", "Failed"});
}
constexpr bool is_final(ComponentPhase phase) {
  return phase >= ComponentPhase::succeeded;
}

struct PodIdentity {
  std::string namespace_name{};
  std::string name{};
  std::string uid{};
  bool operator==(const PodIdentity&) const = default;

  static void fields(auto& self, auto&& field) {
    field("namespace", self.namespace_name, "Namespace of the pod.");
    field("name", self.name, "Name of the pod.");
    field("uid", self.uid, "UID of the pod.");
  }
};

/// One component on one storage.
struct ComponentStatus {
  std::string name{};
  std::string storage{};
  std::string volume_mode{};
  ComponentPhase phase = ComponentPhase::pending;
  std::string node{};
  std::optional<PodIdentity> pod{};
  std::int32_t attempts = 0;
  std::int64_t bytes_total = 0;
  std::int64_t bytes_done = 0;
  std::int64_t bytes_added = 0;
  std::int64_t bytes_new = 0;
  std::int64_t files_done = 0;
  std::int64_t files_unreadable = 0;
  std::string snapshot_id{};
  std::string parent_id{};
  std::optional<Timestamp> start_time{};
  std::optional<Timestamp> completion_time{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "resources, volume/<claim> or dump/<name>.", rule::required);
    field("storage", self.storage, "The storage, as namespace/name.", rule::required);
    field("volumeMode", self.volume_mode, "Filesystem or Block; only of volumes.");
    field("phase", self.phase, "Where it stands.", rule::always);
    field("node", self.node, "Node of its mover.");
    field("pod", self.pod, "Its mover, while there is one.");
    field("attempts", self.attempts, "How many movers were started for it.");
    field("bytesTotal", self.bytes_total, "Bytes to read, as far as known.");
    field("bytesDone", self.bytes_done, "Bytes read so far.");
    field("bytesAdded", self.bytes_added, "Bytes that are new on the storage.");
    field("bytesNew", self.bytes_new, "The same before they were compressed.");
    field("filesDone", self.files_done, "Files read so far.");
    field("filesUnreadable", self.files_unreadable,
          "Files that could not be read; the message names the first ones.");
    field("snapshotId", self.snapshot_id, "Id of its restic snapshot.");
    field("parentId", self.parent_id, "The snapshot that it was compared with.");
    field("startTime", self.start_time, "When its mover started.");
    field("completionTime", self.completion_time, "When it ended.");
    field("message", self.message, "What went wrong, and what helps.");
  }
};

/// The session's result on one storage.
struct StorageResult {
  std::string storage{};
  std::string repository{};
  bool complete = false;
  bool dropped = false;
  std::string snapshot{};
  std::optional<SpaceCheck> space{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("storage", self.storage, "The storage, as namespace/name.", rule::required);
    field("repository", self.repository,
          "Name of the Repository, in the namespace of the session.");
    field("complete", self.complete, "Whether a backup was committed there.", rule::always);
    field("dropped", self.dropped, "Whether the session went on without it.");
    field("snapshot", self.snapshot, "Name of the Snapshot.");
    field("space", self.space, "Whether there was room, before anything was stored.");
    field("message", self.message, "Why there is none.");
  }
};

struct HookResult {
  std::string name{};
  std::string stage{};
  std::string pod{};
  bool succeeded = false;
  bool quiesced = false;
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of the hook.", rule::required);
    field("stage", self.stage, "before, undo or after.");
    field("pod", self.pod, "Pod that it ran in.");
    field("succeeded", self.succeeded, "Whether it succeeded.", rule::always);
    field("quiesced", self.quiesced, "Whether the pod was held still from then on until undo.");
    field("message", self.message, "What it said, shortened.");
  }
};

struct BackupSessionStatus {
  BackupPhase phase = BackupPhase::pending;
  RunType type = RunType::incremental;
  std::int32_t chain_position = 0;
  std::string progress{};
  std::optional<Timestamp> start_time{};
  std::optional<Timestamp> completion_time{};
  std::string duration{};
  JsonObject plan_spec{};
  std::int32_t object_count = 0;
  std::vector<ComponentStatus> components{};
  std::vector<StorageResult> storages{};
  std::vector<HookResult> hooks{};
  std::vector<std::string> warnings{};
  std::string message{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("phase", self.phase, "Where the session stands.", rule::always);
    field("type", self.type,
          "How data is read: the session's own type, or what its run says; the first backup of a "
          "plan is always full.",
          rule::always);
    field("chainPosition", self.chain_position,
          "0 for a full backup, else how many were taken since.");
    field("progress", self.progress, "For people, such as 42% or 3/5 components.");
    field("startTime", self.start_time, "When it started.");
    field("completionTime", self.completion_time, "When it ended.");
    field("duration", self.duration, "How long it took.");
    field(
        "planSpec", self.plan_spec,
        "The plan as it was when the session started, by which it goes on whatever becomes of the "
        "plan; while the session is under way.");
    field("objectCount", self.object_count, "How many objects of the API the backup holds.");
    field("components", self.components, "The parts of the backup, on each storage.",
          rule::keys("name,storage"), rule::max_items(400));
    field("storages", self.storages, "The result on each storage.", rule::keys("storage"));
    field("hooks", self.hooks, "What the hooks did; the first 100.", rule::max_items(100));
    field("warnings", self.warnings, "What a person should know; the first 50.",
          rule::max_items(50));
    field("message", self.message, "In one sentence: what happened, and what helps.");
    field(
        "conditions", self.conditions,
        "Complete and Failed, each with reason and message. SpaceSufficient: whether the storages "
        "have room.",
        rule::keys("type"));
  }
};

using BackupSession = Object<BackupSessionSpec, BackupSessionStatus>;
template <>
const KindInfo& kind_info<BackupSession>();

}  // namespace dmaas::api
