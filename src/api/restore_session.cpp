#include "api/restore_session.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::RestoreSessionSpec);
DMAAS_DESCRIBE(dmaas::api::RestoreSessionStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<RestoreSession>() {
  static const KindInfo info{
      .kind = "RestoreSession",
      .plural = "restoresessions",
      .short_name = "rsess",
      .text = "One restore of a backup.",
      .columns = {{"Stage", ".status.stage"},
                  {"Progress", ".status.progress"},
                  {"Snapshot", ".status.snapshot"},
                  {"Recovered In", ".status.timeToRecover"},
                  {"Message", ".status.message", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<RestoreSessionSpec>,
      .status = &description_of<RestoreSessionStatus>,
  };
  return info;
}

}  // namespace dmaas::api
