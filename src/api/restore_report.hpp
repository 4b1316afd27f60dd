#pragma once

#include <string>
#include <vector>

#include "api/backup_target.hpp"
#include "api/restore_session.hpp"
#include "base/fields.hpp"

/// What the three steps of restoreResources report to the controller (MoverResult.report).
namespace dmaas::api {

/// A claim at the destination that is filled with a volume component: one that this session makes,
/// or one that exists.
struct PlannedVolume {
  std::string component{};
  std::string snapshot_id{};
  std::string claim{};
  std::string namespace_name{};
  std::string volume_mode{};
  bool in_place = false;
  std::vector<std::string> files{};
  JsonObject manifest{};
  std::int64_t bytes = 0;
  JsonObject placement{};

  static void fields(auto& self, auto&& field) {
    field("component", self.component, "Component of the backup.", rule::required);
    field("snapshotId", self.snapshot_id, "Its restic snapshot.", rule::required);
    field("claim", self.claim, "Name of the claim here.", rule::required);
    field("namespace", self.namespace_name, "Namespace of the claim here.", rule::required);
    field("volumeMode", self.volume_mode, "Filesystem or Block.");
    field("inPlace", self.in_place, "Whether it is a claim that exists.");
    field("files", self.files, "Which files of it; empty: all.");
    field("manifest", self.manifest, "The claim as it is to be made here, without volumeName.");
    field("bytes", self.bytes, "Bytes to write.");
    field("placement", self.placement,
          "nodeSelector, affinity and tolerations of the workload that will use the claim, so that "
          "the "
          "volume comes to a node where that can run.");
  }
};

/// A dump that is played back once its application is ready.
struct PlannedDump {
  std::string component{};
  std::string snapshot_id{};
  std::string file{};
  std::string namespace_name{};
  std::int64_t bytes = 0;
  BackupTarget target{};
  LogicalDump dump{};

  static void fields(auto& self, auto&& field) {
    field("component", self.component, "Component of the backup.", rule::required);
    field("snapshotId", self.snapshot_id, "Its restic snapshot.", rule::required);
    field("file", self.file, "Path of the dump within the snapshot.", rule::required);
    field("namespace", self.namespace_name, "Namespace of the application here.", rule::required);
    field("bytes", self.bytes, "Size of the dump.");
    field("target", self.target, "By what the pods of the application are found here.",
          rule::required);
    field("dump", self.dump, "How it is read back.", rule::required);
  }
};

struct RestoreReport {
  std::optional<PreflightSummary> preflight{};
  std::vector<PlannedVolume> volumes{};
  std::vector<PlannedDump> dumps{};
  std::vector<KindCount> counts{};
  std::vector<RestoreProblem> problems{};
  std::vector<std::string> not_ready{};
  std::vector<std::string> warnings{};

  static void fields(auto& self, auto&& field) {
    field("preflight", self.preflight, "preflight only: verdicts.");
    field("volumes", self.volumes, "preflight only: claims to fill.");
    field("dumps", self.dumps, "preflight only: dumps to play back.");
    field("counts", self.counts, "configuration and workloads: outcomes by kind.",
          rule::keys("kind"));
    field("problems", self.problems, "The first 100 objects that failed or were skipped.",
          rule::max_items(100));
    field("notReady", self.not_ready, "workloads: what did not become ready in time, and why.");
    field("warnings", self.warnings, "What a person should know; conversions among it.",
          rule::max_items(50));
  }
};

}  // namespace dmaas::api
