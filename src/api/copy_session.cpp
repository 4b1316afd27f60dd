#include "api/copy_session.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::CopySessionSpec);
DMAAS_DESCRIBE(dmaas::api::CopySessionStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<CopySession>() {
  static const KindInfo info{
      .kind = "CopySession",
      .plural = "copysessions",
      .short_name = "csess",
      .text = "One copying of complete backups from a repository to another storage.",
      .columns = {{"Source", ".spec.sourceRepositoryRef.name"},
                  {"Storage", ".spec.storageRef.name"},
                  {"Cause", ".spec.cause"},
                  {"Phase", ".status.phase"},
                  {"Progress", ".status.progress"},
                  {"Message", ".status.message", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<CopySessionSpec>,
      .status = &description_of<CopySessionStatus>,
  };
  return info;
}

}  // namespace dmaas::api
