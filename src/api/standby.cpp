#include "api/standby.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::StandbySpec);
DMAAS_DESCRIBE(dmaas::api::StandbyStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<Standby>() {
  static const KindInfo info{
      .kind = "Standby",
      .plural = "standbys",
      .short_name = "standby",
      .text =
          "Follows the backups of an application of another cluster or namespace, ready to "
          "take its place.",
      .columns = {{"Phase", ".status.phase"},
                  {"Synced", ".status.syncedBackup.time"},
                  {"Newest", ".status.newestBackup.time"},
                  {"Activation Ready",
                   R"(.status.conditions[?(@.type=="ActivationReady")].status)"},
                  {"Message", ".status.message", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<StandbySpec>,
      .status = &description_of<StandbyStatus>,
  };
  return info;
}

}  // namespace dmaas::api
