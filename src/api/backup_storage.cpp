#include "api/backup_storage.hpp"

#include <algorithm>

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::BackupStorageSpec);
DMAAS_DESCRIBE(dmaas::api::BackupStorageStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<BackupStorage>() {
  static const KindInfo info{
      .kind = "BackupStorage",
      .plural = "backupstorages",
      .short_name = "bstore",
      .text = "A bucket or directory that holds backups, with its credential and who may use it.",
      .columns = {{"Ready", R"(.status.conditions[?(@.type=="Ready")].status)"},
                  {"Location", ".status.location"},
                  {"Default", ".spec.default", "boolean"},
                  {"Repositories", ".status.repositories", "integer"},
                  {"Space", ".status.space.summary"},
                  {"Message", R"(.status.conditions[?(@.type=="Ready")].message)", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<BackupStorageSpec>,
      .status = &description_of<BackupStorageStatus>,
  };
  return info;
}

bool may_use(const BackupStorage& storage, std::string_view namespace_name) {
  const auto& usage = storage.spec.usage;
  if (storage.metadata.namespace_name == namespace_name) return true;
  if (usage.namespaces == UsageScope::own) return false;
  if (usage.namespaces == UsageScope::list)
    return std::ranges::count(usage.names, namespace_name) > 0;
  return true;
}

}  // namespace dmaas::api
