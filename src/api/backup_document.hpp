#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/references.hpp"
#include "api/snapshot.hpp"
#include "base/fields.hpp"

namespace dmaas::api {

/// One component of a backup as backup.json names it. Snapshots are found by id, then by restic's
/// `original`, then by session and component tag with the tree id.
struct DocumentComponent {
  std::string name{};
  ComponentKind kind = ComponentKind::volume;
  std::string snapshot_id{};
  std::string tree_id{};
  std::string parent_id{};
  std::string claim{};
  std::string namespace_name{};
  std::string target{};
  std::string method{};
  std::string volume_mode{};
  std::int64_t bytes = 0;
  std::int64_t bytes_added = 0;
  std::int64_t bytes_new = 0;
  std::int64_t files = 0;
  std::int64_t files_unreadable = 0;
  std::optional<LogicalDump> dump{};
  std::string dump_file{};

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "resources, volume/<claim> or dump/<name>.", rule::required);
    field("kind", self.kind, "What kind of data it is.", rule::always);
    field("snapshotId", self.snapshot_id,
          "Id of its restic snapshot; absent for resources, which holds this file.");
    field("treeId", self.tree_id, "Root tree of that snapshot.");
    field("parentId", self.parent_id, "The snapshot that it was compared with.");
    field("claim", self.claim, "Claim of a volume.");
    field("namespace", self.namespace_name, "Namespace of the claim or of the dumped pod.");
    field("target", self.target, "The plan's target that it belongs to.");
    field("method", self.method, "How the volume was read.");
    field("volumeMode", self.volume_mode, "Filesystem or Block.");
    field("bytes", self.bytes, "Logical size.", rule::always);
    field("bytesAdded", self.bytes_added, "Bytes that were new on the storage.");
    field("bytesNew", self.bytes_new, "The same before they were compressed.");
    field("files", self.files, "How many files.");
    field("filesUnreadable", self.files_unreadable, "How many files could not be read.");
    field("dump", self.dump, "How a dump was made and is read back.");
    field("dumpFile", self.dump_file, "Path of the dump within its snapshot.");
  }
};

struct DocumentCluster {
  std::string name{};
  std::string uid{};
  std::string version{};

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name the cluster was installed with.");
    field("uid", self.uid, "UID of the cluster's kube-system namespace.");
    field("version", self.version, "Version of the API server.");
  }
};

/// /backup.json in the resources component: a backup exists if and only if this is stored. Fields
/// that a newer version adds are ignored by older ones; `formatVersion` grows only when they must
/// not be.
struct BackupDocument {
  static constexpr std::int32_t newest_format = 1;
  static constexpr std::string_view path = "/backup.json";

  std::int32_t format_version = newest_format;
  std::string program_version{};
  std::string session{};
  std::string session_uid{};
  std::string plan_namespace{};
  std::string plan{};
  JsonObject plan_spec{};
  std::string run{};
  RunType type = RunType::incremental;
  std::int32_t chain_position = 0;
  Timestamp time{};
  DocumentCluster cluster{};
  ApplicationIdentity application{};
  std::string repository_path{};
  std::vector<DocumentComponent> components{};
  bool point_in_time = false;
  std::int32_t object_count = 0;
  std::vector<std::string> warnings{};

  static void fields(auto& self, auto&& field) {
    field("formatVersion", self.format_version, "Version of this document.", rule::required,
          rule::minimum(1));
    field("programVersion", self.program_version, "Version of the program that wrote it.");
    field("session", self.session, "Session that made the backup.");
    field("sessionUid", self.session_uid, "UID of that session.");
    field("planNamespace", self.plan_namespace, "Namespace of plan and session.");
    field("plan", self.plan, "Plan that made it.");
    field("planSpec", self.plan_spec, "The plan as it was.");
    field("run", self.run, "Run of the plan.");
    field("type", self.type, "How the data was read.", rule::always);
    field("chainPosition", self.chain_position,
          "0 for a full backup, else how many were taken since; each can be restored alone.");
    field("time", self.time, "The moment that the backup shows.", rule::required);
    field("cluster", self.cluster, "Cluster that made it.");
    field("application", self.application, "What it is a backup of.");
    field("repositoryPath", self.repository_path,
          "Path of the repository below the storage's prefix.");
    field("components", self.components, "All components.", rule::required, rule::keys("name"));
    field("pointInTime", self.point_in_time, "Whether all its data is of one moment.");
    field("objectCount", self.object_count, "How many objects of the API it holds.", rule::always);
    field("warnings", self.warnings, "What a person should know.");
  }
};

std::string encode_backup_document(const BackupDocument& document);
/// Errors: corrupt (not such a document), unsupported (made by a newer version; says which).
Result<BackupDocument> decode_backup_document(std::string_view text);

/// The Snapshot that shows this backup, beside the Repository it was found in; `snapshot_id` is
/// that of its resources component.
Snapshot snapshot_of(const BackupDocument& document, const kube::ObjectKey& repository,
                     std::string_view repository_id, std::string_view snapshot_id);

}  // namespace dmaas::api
