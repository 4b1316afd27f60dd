#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/conditions.hpp"
#include "api/object.hpp"
#include "api/references.hpp"

namespace dmaas::api {

enum class DeletionPolicy { retain, erase };
constexpr auto names_of(DeletionPolicy) {
  return std::to_array<std::string_view>({"Retain", "Delete"});
}

struct SnapshotSpec {
  NamespacedReference repository{};
  std::string snapshot_id{};
  Timestamp time{};
  std::string run{};
  RunType type = RunType::incremental;
  DeletionPolicy deletion_policy = DeletionPolicy::retain;

  static void fields(auto& self, auto&& field) {
    field("repositoryRef", self.repository, "The Repository that holds the backup.", rule::required,
          rule::immutable);
    field("snapshotId", self.snapshot_id, "Id of the restic snapshot of the resources component.",
          rule::required, rule::immutable,
          rule::pattern("^[0-9a-f]{64}$", "must be the 64 hexadecimal digits of a snapshot id"));
    field("time", self.time, "The moment that the backup shows.", rule::required, rule::immutable);
    field("run", self.run, "Run of the plan that made it.", rule::max_length(40));
    field("type", self.type, "How the data was read.", rule::always);
    field("deletionPolicy", self.deletion_policy,
          "Retain: deleting this object erases nothing. Delete: deleting it erases the backup.",
          rule::with_default);
  }
};

enum class ComponentKind { resources, volume, dump };
constexpr auto names_of(ComponentKind) {
  return std::to_array<std::string_view>({"resources", "volume", "dump"});
}

struct SnapshotComponent {
  std::string name{};
  ComponentKind kind = ComponentKind::resources;
  std::string snapshot_id{};
  std::int64_t bytes = 0;
  std::int64_t bytes_added = 0;
  std::int64_t bytes_new = 0;
  std::int64_t files = 0;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "resources, volume/<claim> or dump/<name>.", rule::required);
    field("kind", self.kind, "What kind of data it is.", rule::always);
    field("snapshotId", self.snapshot_id, "Id of its restic snapshot.");
    field("bytes", self.bytes, "Logical size.", rule::always);
    field("bytesAdded", self.bytes_added, "Bytes that were new on the storage.");
    field("bytesNew", self.bytes_new,
          "The same before they were compressed; 0 in backups of older versions.");
    field("files", self.files, "How many files.");
  }
};

/// The last verification of a backup by a restore.
struct SnapshotVerification {
  bool verified = false;
  std::optional<Timestamp> time{};
  std::string session{};
  std::string how{};
  std::optional<std::chrono::nanoseconds> time_to_recover{};

  static void fields(auto& self, auto&& field) {
    field("verified", self.verified, "Whether it could be restored and passed every check.",
          rule::always);
    field("time", self.time, "When that was found.");
    field("session", self.session, "The VerificationSession, as namespace/name.");
    field("how", self.how, "What was done, such as: restored, 3 checks.");
    field("timeToRecover", self.time_to_recover,
          "From the start of the restore until the application was ready.");
  }
};

struct SnapshotStatus {
  std::int64_t observed_generation = 0;
  bool complete = false;
  std::optional<ClusterIdentity> cluster{};
  std::optional<ApplicationIdentity> application{};
  std::string plan{};
  std::string session{};
  std::int32_t chain_position = 0;
  bool point_in_time = false;
  std::int32_t object_count = 0;
  std::int64_t total_bytes = 0;
  std::int64_t added_bytes = 0;
  std::string size{};
  std::vector<SnapshotComponent> components{};
  std::optional<SnapshotVerification> verification{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that this status is about.");
    field("complete", self.complete, "Whether every component is there.", rule::always);
    field("cluster", self.cluster, "Cluster that made the backup.");
    field("application", self.application, "What it is a backup of.");
    field("plan", self.plan, "Plan that made it, as namespace/name.");
    field("session", self.session, "Session that made it.");
    field("chainPosition", self.chain_position,
          "0 for a full backup, else how many were taken since; each can be restored alone.",
          rule::always);
    field("pointInTime", self.point_in_time,
          "Whether all its data is of one moment: hooks held every target still while it was read, "
          "or it is one dump.");
    field("objectCount", self.object_count, "How many objects of the API it holds.", rule::always);
    field("totalBytes", self.total_bytes, "Logical size of all components.", rule::always);
    field("addedBytes", self.added_bytes, "Bytes that were new on the storage.", rule::always);
    field("size", self.size, "The logical size for people.");
    field("components", self.components, "The parts of the backup.", rule::keys("name"),
          rule::max_items(400));
    field("verification", self.verification, "Its last verification by a restore.");
    field("conditions", self.conditions,
          "What works and what does not. Verified: what its last verification found. "
          "DataLooksUnusual: "
          "its data differ from earlier ones in a way that damage does.",
          rule::keys("type"));
  }
};

using Snapshot = Object<SnapshotSpec, SnapshotStatus>;
template <>
const KindInfo& kind_info<Snapshot>();

}  // namespace dmaas::api
