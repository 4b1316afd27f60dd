#include "api/backup_session.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::BackupSessionSpec);
DMAAS_DESCRIBE(dmaas::api::BackupSessionStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<BackupSession>() {
  static const KindInfo info{
      .kind = "BackupSession",
      .plural = "backupsessions",
      .short_name = "bsess",
      .text = "One execution of a plan's run.",
      .columns = {{"Plan", ".spec.planRef.name"},
                  {"Run", ".spec.run"},
                  {"Type", ".status.type"},
                  {"Phase", ".status.phase"},
                  {"Progress", ".status.progress"},
                  {"Duration", ".status.duration"},
                  {"Message", ".status.message", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<BackupSessionSpec>,
      .status = &description_of<BackupSessionStatus>,
  };
  return info;
}

}  // namespace dmaas::api
