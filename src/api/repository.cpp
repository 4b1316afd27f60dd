#include "api/repository.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::RepositorySpec);
DMAAS_DESCRIBE(dmaas::api::RepositoryStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<Repository>() {
  static const KindInfo info{
      .kind = "Repository",
      .plural = "repositories",
      .short_name = "drepo",
      .text = "One restic repository, for one application on one storage.",
      .columns = {{"Ready", R"(.status.conditions[?(@.type=="Ready")].status)"},
                  {"Storage", ".spec.storageRef.name"},
                  {"Path", ".spec.path"},
                  {"Backups", ".status.snapshotCount", "integer"},
                  {"Last Backup", ".status.lastBackupTime", "date"},
                  {"Check", ".status.lastCheck"},
                  {"Owned", ".status.ownedByThisCluster", "boolean", true},
                  {"Message", R"(.status.conditions[?(@.type=="Ready")].message)", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<RepositorySpec>,
      .status = &description_of<RepositoryStatus>,
  };
  return info;
}

kube::ObjectKey storage_of(const Repository& repository) {
  const auto& own = repository.metadata;
  return repository.spec.storage ? repository.spec.storage->key(own.namespace_name) : own.key();
}

}  // namespace dmaas::api
