#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/backup_session.hpp"
#include "api/conditions.hpp"
#include "api/hooks.hpp"
#include "api/in_place.hpp"
#include "api/mover_settings.hpp"
#include "api/object.hpp"
#include "api/restore_changes.hpp"
#include "api/selection.hpp"

namespace dmaas::api {

/// A repository on a storage that this cluster may not know yet.
struct StoredRepository {
  NamespacedReference storage{};
  std::string path{};
  bool operator==(const StoredRepository&) const = default;

  static void fields(auto& self, auto&& field) {
    field("storageRef", self.storage, "The BackupStorage.", rule::required);
    field("path", self.path, "Path below the storage's prefix, such as east/ns/shop/mariadb.",
          rule::required,
          rule::pattern(
              "^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$",
              "must be a path without leading '/', '.' or '..', such as east/ns/shop/mariadb"),
          rule::max_length(512));
  }
};

struct RestoreSource {
  std::optional<NamespacedReference> repository{};
  std::optional<StoredRepository> stored{};
  std::string snapshot = "latest";
  std::optional<Timestamp> before{};
  std::string latest_of{};
  std::string oldest_of{};
  std::string time_zone{};
  std::string run{};
  bool operator==(const RestoreSource&) const = default;

  static void fields(auto& self, auto&& field) {
    field("repositoryRef", self.repository, "The Repository to restore from.");
    field("stored", self.stored,
          "A repository by its place on a storage; for repositories without object.");
    field("snapshot", self.snapshot,
          "Name of a Snapshot, at least 8 digits of its snapshotId, or latest.", rule::with_default,
          rule::min_length(1), rule::max_length(253));
    field("before", self.before, "With latest: the newest backup that is not younger than this.");
    constexpr auto day =
        rule::pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "must be a day, such as 2026-11-23");
    field("latestOf", self.latest_of, "With latest: the newest backup of this day.", day,
          rule::max_length(10));
    field("oldestOf", self.oldest_of, "With latest: the oldest backup of this day.", day,
          rule::max_length(10));
    field("timeZone", self.time_zone,
          "Whose days latestOf and oldestOf name, such as Europe/Berlin. Empty: UTC.",
          rule::max_length(64));
    field(
        "run", self.run,
        "With latest, latestOf and oldestOf: only backups that this run of the plan made, such as "
        "full.",
        rule::max_length(40));
    field.rule("!has(self.run) || self.run == '' || self.snapshot == 'latest'",
               "run goes only with snapshot: latest");
    field.rule("has(self.repositoryRef) != has(self.stored)",
               "give exactly one of repositoryRef and stored");
    field.rule("!has(self.before) || self.snapshot == 'latest'",
               "before goes only with snapshot: latest");
    field.rule("!(has(self.latestOf) || has(self.oldestOf)) || self.snapshot == 'latest'",
               "latestOf and oldestOf go only with snapshot: latest");
    field.rule("[has(self.before), has(self.latestOf), has(self.oldestOf)].filter(x, x).size() < 2",
               "give only one of before, latestOf and oldestOf");
  }
};

enum class RestoreData { all, resources_only, data_only };
constexpr auto names_of(RestoreData) {
  return std::to_array<std::string_view>({"all", "resourcesOnly", "dataOnly"});
}

/// Some files of a volume.
struct FileSelection {
  std::string volume{};
  std::vector<std::string> paths{};
  bool operator==(const FileSelection&) const = default;

  static void fields(auto& self, auto&& field) {
    field("volume", self.volume, "Claim of the volume, by its name in the backup.", rule::required,
          rule::min_length(1), rule::max_length(253));
    field(
        "paths", self.paths,
        "Globs of paths within the volume, such as /etc/*.conf or **/*.pdf. One that matches a "
        "directory means all below it; one without leading '/' may begin anywhere; !PATTERN takes "
        "back what earlier ones matched.",
        rule::required, rule::min_items(1), rule::max_items(200));
  }
};

/// What of the backup is restored.
struct RestoreSelection {
  RestoreData data = RestoreData::all;
  ObjectSelection objects{};
  std::vector<std::string> volumes{};
  std::vector<std::string> dumps{};
  std::vector<FileSelection> files{};
  bool operator==(const RestoreSelection&) const = default;

  static void fields(auto& self, auto&& field) {
    field("data", self.data,
          "all; resourcesOnly: objects and empty claims; dataOnly: only the contents of claims "
          "that this session creates, with inPlace of claims that exist (and with missingClaims: "
          "create of both), and dumps into the application that is there.",
          rule::with_default);
    field("objects", self.objects, "Which objects.");
    field("volumes", self.volumes,
          "Only the data of these claims, by their name in the backup. Empty: of all, unless dumps "
          "or files names some.",
          rule::max_items(200));
    field("dumps", self.dumps,
          "Only these dumps, by their name in the plan. Empty: all, unless volumes or files names "
          "some. With "
          "dumps alone their database begins with an empty claim.",
          rule::max_items(200));
    field("files", self.files,
          "Only these files of a volume, whose other files are then left as they are. With inPlace "
          "they go into a claim that exists, else into a new one.",
          rule::keys("volume"), rule::max_items(50));
  }
};

/// Which files of it; empty: all.
std::vector<std::string> wanted_files(const RestoreSelection& what, const std::string& claim);
bool wants_volume(const RestoreSelection& what, const std::string& claim);
bool wants_dump(const RestoreSelection& what, const std::string& name);

/// What happens to an object that exists already.
enum class ExistingPolicy { skip, update, fail, recreate };
constexpr auto names_of(ExistingPolicy) {
  return std::to_array<std::string_view>({"skip", "update", "fail", "recreate"});
}

/// What a restore does: all of a RestoreSession's spec, which a RestoreConfiguration repeats.
struct RestoreTemplate {
  RestoreSource source{};
  RestoreSelection what{};
  std::map<std::string, std::string> namespace_map{};
  std::map<std::string, std::string> storage_class_map{};
  std::string name_prefix{};
  ExistingPolicy existing = ExistingPolicy::skip;
  std::optional<InPlaceRestore> in_place{};
  std::optional<RestoreChanges> changes{};
  std::string service_account_name{};
  bool preflight_only = false;
  bool defuse = false;
  bool verify_files = false;
  std::chrono::nanoseconds timeout = std::chrono::hours{6};
  std::vector<Hook> hooks{};
  MoverSettings mover{};

  static void fields(auto& self, auto&& field) {
    field("source", self.source, "Which backup.", rule::required);
    field("what", self.what, "What of it.");
    field("namespaceMap", self.namespace_map,
          "From namespaces of the backup to namespaces here. One that is not named keeps its name. "
          "Others than "
          "the session's own need a BackupGrant there, unless the session is in the system "
          "namespace.",
          rule::max_items(100));
    field("storageClassMap", self.storage_class_map,
          "From storage classes of the backup to classes here. An empty class stands for the "
          "default class.",
          rule::max_items(100));
    field("namePrefix", self.name_prefix,
          "Put before the names of all restored objects, to restore as new.",
          rule::pattern("^([a-z0-9]([-a-z0-9]*))?$",
                        "must be lower-case letters, digits and '-', such as test-"),
          rule::max_length(20));
    field("existing", self.existing,
          "What happens to objects that exist: skip leaves them, update makes them what they "
          "were, fail ends the "
          "session before it changes anything, recreate deletes them first.",
          rule::with_default);
    field("inPlace", self.in_place,
          "Replaces the data of claims that exist; absent: it is left as it is. With data: "
          "dataOnly no object is created or changed, and every volume needs a claim that exists, "
          "unless missingClaims says otherwise.");
    field("changes", self.changes, "How restored objects differ from those of the backup.");
    field("serviceAccountName", self.service_account_name,
          "Account in the session's namespace that objects are created as and hooks run as: a "
          "restore can do what this account may. Empty: an account that dmaas keeps outside the "
          "namespace, which may there what the role admin may.",
          rule::max_length(253));
    field("preflightOnly", self.preflight_only,
          "Only check what would happen; nothing is changed.");
    field("defuse", self.defuse,
          "Only a trial, as verifications make: nothing but the namespaces that namespaceMap names "
          "is touched. Objects of the cluster and what serves to the outside, opens the network, "
          "scales or starts by itself is left out or changed.");
    field("verifyFiles", self.verify_files,
          "Read every file of a volume back before workloads start, and compare it with the hashes "
          "that the backup knows.");
    field("timeout", self.timeout, "A session that takes longer is stopped and fails.",
          rule::with_default);
    field("hooks", self.hooks,
          "Run in this order once the restored workloads are ready and dumps are played back.",
          rule::keys("name"), rule::max_items(16));
    field("mover", self.mover, "Settings of the pods that move the data.");
    field.rule("!has(self.namePrefix) || self.namePrefix == '' || self.existing != 'recreate'",
               "existing: recreate cannot be used with namePrefix");
    field.rule("!has(self.inPlace) || !has(self.namePrefix) || self.namePrefix == ''",
               "inPlace cannot be used with namePrefix");
  }
};

struct RestoreSessionSpec : RestoreTemplate {
  static void fields(auto& self, auto&& field) {
    RestoreTemplate::fields(self, field);
    field.rule("self == oldSelf", "a session cannot be changed: create a new one instead");
  }
};

enum class RestoreStage {
  pending,
  preflight,
  restoring_backups,
  activating_applications,
  succeeded,
  failed,
  cancelled,
};
constexpr auto names_of(RestoreStage) {
  return std::to_array<std::string_view>({"Pending", "Preflight", "RestoringBackups",
                                          "ActivatingApplications", "Succeeded", "Failed",
                                          "Cancelled"});
}
constexpr bool is_final(RestoreStage stage) {
  return stage >= RestoreStage::succeeded;
}

enum class StageState { pending, running, succeeded, failed, skipped };
constexpr auto names_of(StageState) {
  return std::to_array<std::string_view>({"Pending", "Running", "Succeeded", "Failed", "Skipped"});
}

struct StageStatus {
  std::string name{};
  StageState state = StageState::pending;
  std::optional<Timestamp> start_time{};
  std::optional<Timestamp> completion_time{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Which one.", rule::required);
    field("state", self.state, "Where the stage stands.", rule::always);
    field("startTime", self.start_time, "When it started.");
    field("completionTime", self.completion_time, "When it ended.");
    field("message", self.message, "What it did, or why it failed and what helps.");
  }
};

/// How many objects of a kind had which outcome.
struct KindCount {
  std::string kind{};
  std::int32_t created = 0;
  std::int32_t updated = 0;
  std::int32_t unchanged = 0;
  std::int32_t skipped = 0;
  std::int32_t failed = 0;

  static void fields(auto& self, auto&& field) {
    field("kind", self.kind, "Kind of the objects.", rule::required);
    field("created", self.created, "Created.");
    field("updated", self.updated, "Existed and were changed.");
    field("unchanged", self.unchanged, "Existed and were equal.");
    field("skipped", self.skipped, "Left out by a rule or because they existed.");
    field("failed", self.failed, "Refused by the cluster.");
  }
};

struct RestoreProblem {
  std::string object{};
  std::string outcome{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("object", self.object, "Kind namespace/name of the object.", rule::required);
    field("outcome", self.outcome, "skipped or failed.");
    field("message", self.message, "Why, and what helps.");
  }
};

enum class PreflightVerdict { accepted, rejected, unproven, skipped };
constexpr auto names_of(PreflightVerdict) {
  return std::to_array<std::string_view>({"accepted", "rejected", "unproven", "skipped"});
}

struct PreflightFinding {
  std::string object{};
  PreflightVerdict verdict = PreflightVerdict::unproven;
  std::string reason{};

  static void fields(auto& self, auto&& field) {
    field("object", self.object, "Kind namespace/name of the object.", rule::required);
    field("verdict", self.verdict,
          "What the cluster says to it: unproven where it cannot tell yet.", rule::always);
    field("reason", self.reason, "Why, and what helps.");
  }
};

struct PreflightSummary {
  std::int32_t accepted = 0;
  std::int32_t rejected = 0;
  std::int32_t unproven = 0;
  std::int32_t skipped = 0;
  std::vector<PreflightFinding> findings{};

  static void fields(auto& self, auto&& field) {
    field("accepted", self.accepted, "Objects that the cluster would take.", rule::always);
    field("rejected", self.rejected, "Objects that it refuses.", rule::always);
    field("unproven", self.unproven,
          "Objects that it cannot judge yet, such as those of a kind that the restore brings.",
          rule::always);
    field("skipped", self.skipped, "Objects that are left out.", rule::always);
    field("findings", self.findings, "The first 100 that are not accepted, rejected ones first.",
          rule::max_items(100));
  }
};

enum class VolumePhase { pending, provisioning, filling, binding, succeeded, failed };
constexpr auto names_of(VolumePhase) {
  return std::to_array<std::string_view>(
      {"Pending", "Provisioning", "Filling", "Binding", "Succeeded", "Failed"});
}

struct RestoredVolume {
  std::string claim{};
  std::string namespace_name{};
  std::string volume_mode{};
  VolumePhase phase = VolumePhase::pending;
  bool in_place = false;
  std::string fill_claim{};
  std::string persistent_volume{};
  std::string node{};
  std::optional<PodIdentity> pod{};
  std::int32_t attempts = 0;
  std::int64_t bytes_total = 0;
  std::int64_t bytes_done = 0;
  std::int64_t bytes_written = 0;
  std::int64_t files_done = 0;
  std::int64_t files_verified = 0;
  std::string snapshot_id{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("claim", self.claim, "Name of the claim here.", rule::required);
    field("namespace", self.namespace_name, "Namespace of the claim here.", rule::required);
    field("volumeMode", self.volume_mode, "Filesystem or Block.");
    field("phase", self.phase, "Where it stands.", rule::always);
    field("inPlace", self.in_place, "Whether the claim was there before.");
    field("fillClaim", self.fill_claim,
          "The claim in the system namespace through which it is filled.");
    field("persistentVolume", self.persistent_volume, "The volume that was filled.");
    field("node", self.node, "Node of its mover.");
    field("pod", self.pod, "Its mover, while there is one.");
    field("attempts", self.attempts, "How many movers were started for it.");
    field("bytesTotal", self.bytes_total, "Bytes of the volume, as far as known.");
    field("bytesDone", self.bytes_done, "Bytes that are there so far, written or found equal.");
    field("bytesWritten", self.bytes_written, "Bytes that had to be written; known at the end.");
    field("filesDone", self.files_done, "Files that are there so far.");
    field("filesVerified", self.files_verified, "Files that were read back and are whole.");
    field("snapshotId", self.snapshot_id, "The restic snapshot that it is filled from.");
    field("message", self.message, "What went wrong, and what helps.");
  }
};

/// A dump that is played back.
struct RestoredDump {
  std::string component{};
  std::string namespace_name{};
  ComponentPhase phase = ComponentPhase::pending;
  std::string node{};
  std::optional<PodIdentity> pod{};
  std::int32_t attempts = 0;
  std::int64_t bytes_total = 0;
  std::int64_t bytes_done = 0;
  std::string snapshot_id{};
  std::optional<Timestamp> start_time{};
  std::optional<Timestamp> completion_time{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("component", self.component, "Component of the backup, such as dump/all.",
          rule::required);
    field("namespace", self.namespace_name, "Namespace of the application here.", rule::required);
    field("phase", self.phase, "Where it stands.", rule::always);
    field("node", self.node, "Node of its mover.");
    field("pod", self.pod, "Its mover, while there is one.");
    field("attempts", self.attempts, "How many movers were started for it.");
    field("bytesTotal", self.bytes_total, "Size of the dump.");
    field("bytesDone", self.bytes_done, "Bytes that the command has read so far.");
    field("snapshotId", self.snapshot_id, "The restic snapshot that holds it.");
    field("startTime", self.start_time, "When it was its turn.");
    field("completionTime", self.completion_time, "When it ended.");
    field("message", self.message, "What went wrong, and what helps.");
  }
};

struct RestoreSessionStatus {
  RestoreStage stage = RestoreStage::pending;
  std::string progress{};
  std::string snapshot{};
  std::string snapshot_id{};
  std::optional<Timestamp> backup_time{};
  std::optional<Timestamp> start_time{};
  std::optional<Timestamp> completion_time{};
  std::string time_to_recover{};
  std::vector<StageStatus> stages{};
  std::optional<PreflightSummary> preflight{};
  std::vector<RestoredVolume> volumes{};
  std::vector<RestoredDump> dumps{};
  std::vector<StoppedWorkload> workloads{};
  std::vector<KindCount> counts{};
  std::vector<RestoreProblem> problems{};
  std::vector<HookResult> hooks{};
  std::vector<std::string> warnings{};
  std::optional<PodIdentity> pod{};
  std::int32_t pod_attempts = 0;
  std::string message{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("stage", self.stage, "Where the session stands.", rule::always);
    field("progress", self.progress, "For people, such as 42%.");
    field("snapshot", self.snapshot, "Name of the backup that was chosen.");
    field("snapshotId", self.snapshot_id, "Id of the restic snapshot of its resources component.");
    field("backupTime", self.backup_time, "The moment that the backup shows.");
    field("startTime", self.start_time, "When the session started.");
    field("completionTime", self.completion_time, "When it ended.");
    field("timeToRecover", self.time_to_recover, "From the start until the application was ready.");
    field("stages", self.stages, "The three stages.", rule::keys("name"));
    field("preflight", self.preflight,
          "What the cluster says to each object before anything is changed.");
    field("volumes", self.volumes, "The volumes that are filled.", rule::keys("namespace,claim"),
          rule::max_items(200));
    field("dumps", self.dumps, "The dumps that are played back.", rule::keys("component"),
          rule::max_items(200));
    field("workloads", self.workloads, "Workloads that are scaled to zero meanwhile.",
          rule::keys("kind,namespace,name"), rule::max_items(200));
    field("counts", self.counts, "Outcomes by kind.", rule::keys("kind"), rule::max_items(200));
    field("problems", self.problems, "The first 100 objects that failed or were skipped.",
          rule::max_items(100));
    field("hooks", self.hooks, "What the hooks did.", rule::max_items(100));
    field("warnings", self.warnings, "What a person should know; the first 50.",
          rule::max_items(50));
    field("pod", self.pod, "The pod that applies objects, while there is one.");
    field("podAttempts", self.pod_attempts, "How many pods were started for the present step.");
    field("message", self.message, "In one sentence: what happened, and what helps.");
    field("conditions", self.conditions, "Complete and Failed, each with reason and message.",
          rule::keys("type"));
  }
};

using RestoreSession = Object<RestoreSessionSpec, RestoreSessionStatus>;
template <>
const KindInfo& kind_info<RestoreSession>();

}  // namespace dmaas::api
