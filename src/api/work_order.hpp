#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/backup_document.hpp"
#include "api/backup_target.hpp"
#include "api/maintenance.hpp"
#include "api/references.hpp"
#include "api/restore_session.hpp"
#include "base/fields.hpp"

/// What the controller hands to a mover over TLS once it has authenticated the mover's pod. Holds
/// the repository's master key: kept in memory, never written or logged.
namespace dmaas::api {

enum class MoverTask {
  backup_volume,
  backup_dump,
  backup_resources,
  restore_volume,
  restore_dump,
  restore_resources,
  maintain,
  copy,
};
constexpr auto names_of(MoverTask) {
  return std::to_array<std::string_view>({"backupVolume", "backupDump", "backupResources",
                                          "restoreVolume", "restoreDump", "restoreResources",
                                          "maintain", "copy"});
}

struct OrderSession {
  std::string kind{};
  std::string namespace_name{};
  std::string name{};
  std::string uid{};

  static void fields(auto& self, auto&& field) {
    field("kind", self.kind,
          "BackupSession, RestoreSession, CopySession, or Repository for its maintenance.",
          rule::required);
    field("namespace", self.namespace_name, "Namespace of the session.", rule::required);
    field("name", self.name, "Name of the session.", rule::required);
    field("uid", self.uid, "UID of the session.", rule::required);
  }
};

struct OrderRepository {
  std::string url{};
  std::string ca_certificate{};
  std::string master_key{};
  std::int32_t format_version = 2;

  static void fields(auto& self, auto&& field) {
    field("url", self.url, "rest: location at the gateway; the password is the pod's token.",
          rule::required);
    field("caCert", self.ca_certificate, "PEM text of the gateway's authority.");
    field("masterKey", self.master_key,
          "Base64 of the master key's JSON as restic keeps it in key files.", rule::required);
    field("formatVersion", self.format_version, "Newest format that the controller saw.",
          rule::always);
  }
};

/// Fields of the restic snapshot that a backup task writes.
struct OrderSnapshot {
  Timestamp time{};
  std::string hostname{};
  std::string username{};
  std::vector<std::string> paths{};
  std::vector<std::string> tags{};
  std::string parent_id{};
  bool reread_all = false;

  static void fields(auto& self, auto&& field) {
    field("time", self.time, "Time of the backup.", rule::required);
    field("hostname", self.hostname, "cluster/namespace/application.");
    field("username", self.username, "Always dmaas.");
    field("paths", self.paths, "Stable paths, by which restic finds parents.");
    field("tags", self.tags, "Session, component, plan, run and type.");
    field("parentId", self.parent_id, "Snapshot to compare with; absent: none.");
    field("rereadAll", self.reread_all, "Read all source data, whatever the parent says.");
  }
};

enum class VolumeMode { filesystem, block };
constexpr auto names_of(VolumeMode) {
  return std::to_array<std::string_view>({"Filesystem", "Block"});
}
/// Of the name that claims, statuses and backup.json give it: what is not Block has files.
constexpr VolumeMode volume_mode_of(std::string_view name) {
  return name == "Block" ? VolumeMode::block : VolumeMode::filesystem;
}

struct OrderVolume {
  std::string path{};
  VolumeMode mode = VolumeMode::filesystem;
  bool verify_files = false;
  ExtraFiles extra_files = ExtraFiles::keep;
  std::optional<FileComparison> compare{};
  std::vector<std::string> files{};

  static void fields(auto& self, auto&& field) {
    field("path", self.path, "Where the volume is mounted, or its device.", rule::required);
    field("mode", self.mode, "Files or an image.", rule::always);
    field("verifyFiles", self.verify_files, "restoreVolume: read every file back and compare it.");
    field("extraFiles", self.extra_files, "restoreVolume: files that the backup does not have.",
          rule::always);
    field("compare", self.compare,
          "restoreVolume into a claim that exists: how what is there is compared.");
    field("files", self.files, "restoreVolume: patterns of the files to restore; empty: all.");
  }
};

struct OrderDump {
  std::vector<std::string> command{};
  std::string file_name{};

  static void fields(auto& self, auto&& field) {
    field("command", self.command,
          "Program and arguments: writes the dump to standard output, or reads it from "
          "standard input.",
          rule::required, rule::min_items(1));
    field("fileName", self.file_name, "Name of the file in the snapshot.", rule::required);
  }
};

/// For backupResources: the objects to capture, and the document to commit with them.
struct OrderCapture {
  std::string namespace_name{};
  std::vector<BackupTarget> targets{};
  bool exclude_secrets = false;
  BackupDocument document{};

  static void fields(auto& self, auto&& field) {
    field("namespace", self.namespace_name, "Namespace of the plan.", rule::required);
    field("targets", self.targets, "The plan's targets.", rule::required);
    field("excludeSecrets", self.exclude_secrets, "Whether Secrets are left out.");
    field("document", self.document, "backup.json without its counts.", rule::required);
  }
};

/// One run of restoreResources does one of these.
enum class ResourceStep { preflight, configuration, workloads, readiness };
constexpr auto names_of(ResourceStep) {
  return std::to_array<std::string_view>({"preflight", "configuration", "workloads", "readiness"});
}

/// For restoreResources.
struct OrderApply {
  ResourceStep step = ResourceStep::preflight;
  std::string account_namespace{};
  std::string service_account{};
  RestoreSelection what{};
  std::map<std::string, std::string> namespace_map{};
  std::map<std::string, std::string> storage_class_map{};
  std::string name_prefix{};
  ExistingPolicy existing = ExistingPolicy::skip;
  std::optional<InPlaceRestore> in_place{};
  std::optional<RestoreChanges> changes{};
  bool await_ready = true;
  bool defuse = false;
  std::string standby_uid{};

  static void fields(auto& self, auto&& field) {
    field("step", self.step, "What to do with the objects.", rule::always);
    field("accountNamespace", self.account_namespace, "Namespace of that account.", rule::required);
    field("serviceAccount", self.service_account, "Account to impersonate.", rule::required);
    field("what", self.what, "What of the backup.");
    field("namespaceMap", self.namespace_map, "As in the session.");
    field("storageClassMap", self.storage_class_map, "As in the session.");
    field("namePrefix", self.name_prefix, "As in the session.");
    field("existing", self.existing, "As in the session.", rule::always);
    field("inPlace", self.in_place, "As in the session.");
    field("changes", self.changes, "As in the session.");
    field(
        "awaitReady", self.await_ready,
        "workloads: also wait until they are ready. Otherwise step readiness does, once dumps are "
        "played back: a workload may need them to become ready.",
        rule::always);
    field("defuse", self.defuse, "As in the session.");
    field("standbyUid", self.standby_uid, "UID of the Standby that the session activates.");
  }
};

/// For copy: from where, and which backups, each by the id of its resources component.
struct OrderCopy {
  OrderRepository source{};
  std::vector<std::string> backups{};

  static void fields(auto& self, auto&& field) {
    field("source", self.source, "The repository to read.", rule::required);
    field("backups", self.backups, "Ids of resources components there, in the order of copying.",
          rule::required);
  }
};

/// A backup that the task copy has done with.
struct CopiedBackup {
  std::string source_id{};
  std::string snapshot_id{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("sourceId", self.source_id, "Id of its resources component at the source.",
          rule::required);
    field("snapshotId", self.snapshot_id, "The same at the destination; absent: it failed.");
    field("message", self.message, "Why it failed.");
  }
};

struct WorkOrder {
  static constexpr std::int64_t default_memory_bytes = 512LL << 20;

  OrderSession session{};
  std::string component{};
  MoverTask task = MoverTask::backup_volume;
  OrderRepository repository{};
  std::string snapshot_id{};
  std::optional<OrderSnapshot> snapshot{};
  std::optional<OrderVolume> volume{};
  std::optional<OrderDump> dump{};
  std::optional<OrderCapture> capture{};
  std::optional<OrderApply> apply{};
  std::optional<OrderMaintenance> maintenance{};
  std::optional<OrderCopy> copy{};
  std::int64_t memory_bytes = default_memory_bytes;
  std::int32_t attempt = 1;

  static void fields(auto& self, auto&& field) {
    field("session", self.session, "The session that the mover works for.", rule::required);
    field("component", self.component, "The component, such as volume/data-0.", rule::required);
    field("task", self.task, "What to do.", rule::required);
    field("repository", self.repository, "Where to.", rule::required);
    field("snapshotId", self.snapshot_id, "Restore tasks: the restic snapshot to read.");
    field("snapshot", self.snapshot, "Backup tasks: the restic snapshot to write.");
    field("volume", self.volume, "Volume tasks.");
    field("dump", self.dump, "Dump tasks.");
    field("capture", self.capture, "backupResources.");
    field("apply", self.apply, "restoreResources.");
    field("maintenance", self.maintenance, "maintain.");
    field("copy", self.copy, "copy.");
    field("memoryBytes", self.memory_bytes, "The mover's memory limit.", rule::always,
          rule::minimum(1 << 20));
    field("attempt", self.attempt,
          "From 2 on an earlier mover was lost, perhaps after it had done its work.", rule::always);
  }
};

/// Posted by the mover while it works.
struct MoverProgress {
  std::int64_t bytes_total = 0;
  std::int64_t bytes_done = 0;
  std::int64_t bytes_added = 0;
  std::int64_t files_done = 0;
  std::vector<CopiedBackup> copied{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("bytesTotal", self.bytes_total, "Bytes to move, as far as known.");
    field("bytesDone", self.bytes_done, "Bytes moved so far.");
    field("bytesAdded", self.bytes_added, "Bytes stored that are new.");
    field("filesDone", self.files_done, "Files or objects so far.");
    field("copied", self.copied, "copy: the backups that are done with.");
    field("message", self.message, "What it does now.");
  }
};

enum class MoverOutcome { succeeded, failed, cancelled };
constexpr auto names_of(MoverOutcome) {
  return std::to_array<std::string_view>({"succeeded", "failed", "cancelled"});
}

/// Posted once by the mover when it ends.
struct MoverResult {
  MoverOutcome outcome = MoverOutcome::failed;
  std::string error_code{};
  std::string message{};
  std::string snapshot_id{};
  std::string tree_id{};
  std::int64_t bytes = 0;
  std::int64_t bytes_added = 0;
  std::int64_t bytes_new = 0;
  std::int64_t bytes_written = 0;
  std::int64_t files = 0;
  std::int64_t files_unreadable = 0;
  std::int64_t files_verified = 0;
  std::vector<CopiedBackup> copied{};
  std::vector<std::string> warnings{};
  JsonObject report{};

  static void fields(auto& self, auto&& field) {
    field("outcome", self.outcome, "How it ended.", rule::required);
    field("errorCode", self.error_code, "Cause, from the closed set of error codes.");
    field("message", self.message, "Cause and remedy in one sentence.");
    field("snapshotId", self.snapshot_id, "The restic snapshot that was written.");
    field("treeId", self.tree_id, "Its root tree.");
    field("bytes", self.bytes, "Logical bytes.");
    field("bytesAdded", self.bytes_added, "Bytes stored that are new.");
    field("bytesNew", self.bytes_new, "The same before they were compressed.");
    field("bytesWritten", self.bytes_written, "Bytes that a restore had to write.");
    field("files", self.files, "Files or objects.");
    field("filesUnreadable", self.files_unreadable, "Files that could not be read.");
    field("filesVerified", self.files_verified, "Restored files that were read back.");
    field("copied", self.copied, "copy: every backup of the order.");
    field("warnings", self.warnings, "The first 50 things that a person should know.",
          rule::max_items(50));
    field("report", self.report,
          "Task-specific: findings, outcomes and counts of restoreResources; counts of "
          "backupResources; what maintain did and found.");
  }
};

/// Errors: invalid_input. The message never holds the key.
Result<WorkOrder> decode_work_order(const Json& document);

}  // namespace dmaas::api
