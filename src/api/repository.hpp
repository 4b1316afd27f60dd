#pragma once

#include <optional>
#include <string>

#include "api/conditions.hpp"
#include "api/maintenance.hpp"
#include "api/object.hpp"
#include "api/references.hpp"
#include "api/storage_backend.hpp"

namespace dmaas::api {

struct RepositorySpec {
  std::optional<NamespacedReference> storage{};
  std::optional<StorageBackend> backend{};
  std::string storage_secret_name{};
  std::string path{};
  bool wipe_out = false;

  static void fields(auto& self, auto&& field) {
    field("storageRef", self.storage, "The BackupStorage that holds the repository.",
          rule::immutable);
    field("backend", self.backend,
          "Instead of storageRef: where the data is. DMaaS keeps a BackupStorage of the "
          "Repository's name for it, which plans of this namespace may name.",
          rule::cel("has(self.s3) == has(oldSelf.s3) && has(self.local) == has(oldSelf.local)",
                    "the kind of backend cannot be changed: make a new Repository instead"));
    field("storageSecretName", self.storage_secret_name,
          "With backend: a Secret with RESTIC_PASSWORD, the recovery password, and for s3 "
          "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
          rule::max_length(253));
    field("path", self.path,
          "Path below the storage's prefix: <cluster>/ns/<namespace>/<application> or "
          "<cluster>/groups/<namespace>/<plan>. Other paths are accepted only in the system "
          "namespace. With backend it may be left out: then the Repository's name stands for that "
          "of the application.",
          rule::immutable,
          rule::pattern(
              "^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$",
              "must be a path without leading '/', '.' or '..', such as east/ns/shop/mariadb"),
          rule::max_length(512));
    field("wipeOut", self.wipe_out,
          "Whether deleting this object erases the repository with all its backups; it then stays "
          "until that is done. Changed to false, it goes at once and nothing more is erased.");
    field.rule("has(self.storageRef) != has(self.backend)", "give either storageRef or backend");
    field.rule("has(self.backend) == (has(self.storageSecretName) && self.storageSecretName != '')",
               "storageSecretName goes with backend: name a Secret with RESTIC_PASSWORD");
    field.rule("has(self.path) || has(self.backend)", "path is required with storageRef");
    field.rule("has(self.backend) == has(oldSelf.backend)",
               "a backend of its own cannot be given or taken later: make a new Repository");
  }
};

enum class CheckOutcome { never, passed, failed };
constexpr auto names_of(CheckOutcome) {
  return std::to_array<std::string_view>({"Never", "Passed", "Failed"});
}

struct RepositoryStatus {
  static constexpr std::size_t max_pending_erasures = 1000;

  std::int64_t observed_generation = 0;
  std::int32_t format_version = 0;
  std::string repository_id{};
  std::optional<ClusterIdentity> owner_cluster{};
  bool owned_by_this_cluster = false;
  std::optional<ApplicationIdentity> application{};
  std::int32_t snapshot_count = 0;
  std::optional<Timestamp> last_backup_time{};
  std::optional<Timestamp> last_check_time{};
  CheckOutcome last_check = CheckOutcome::never;
  std::string last_check_message{};
  std::optional<std::int64_t> stored_bytes{};
  std::vector<std::string> pending_erasures{};
  MaintenanceStatus maintenance{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that this status is about.");
    field("formatVersion", self.format_version,
          "Version of restic's repository format; 0 until it was read.");
    field("repositoryId", self.repository_id, "Id in the repository's config.");
    field("ownerCluster", self.owner_cluster, "The one cluster that writes to the repository.");
    field("ownedByThisCluster", self.owned_by_this_cluster,
          "Whether this cluster writes to it. Otherwise it is only read.", rule::always);
    field("application", self.application, "What the repository holds backups of.");
    field("snapshotCount", self.snapshot_count, "How many backups are complete.", rule::always);
    field("lastBackupTime", self.last_backup_time, "Time of the newest backup.");
    field("lastCheckTime", self.last_check_time, "When the repository was checked last.");
    field("lastCheck", self.last_check, "Result of that check.", rule::always);
    field("lastCheckMessage", self.last_check_message, "What the check found.");
    field("storedBytes", self.stored_bytes, "Bytes on the storage.");
    field("pendingErasures", self.pending_erasures,
          "Backups to erase whose objects are gone already, by id: the storage did not answer when "
          "they were deleted.",
          rule::max_items(max_pending_erasures));
    field("maintenance", self.maintenance, "Erasing, giving back space, checking.");
    field("conditions", self.conditions, "What works and what does not.", rule::keys("type"));
  }
};

using Repository = Object<RepositorySpec, RepositoryStatus>;
template <>
const KindInfo& kind_info<Repository>();

/// The BackupStorage that holds it: with a backend of its own the one of its name beside it.
kube::ObjectKey storage_of(const Repository& repository);

}  // namespace dmaas::api
