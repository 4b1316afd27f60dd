#include "api/snapshot.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::SnapshotSpec);
DMAAS_DESCRIBE(dmaas::api::SnapshotStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<Snapshot>() {
  static const KindInfo info{
      .kind = "Snapshot",
      .plural = "snapshots",
      .short_name = "dsnap",
      .text = "One backup: all components that one session committed together.",
      .columns = {{"Application", ".status.application.name"},
                  {"Run", ".spec.run"},
                  {"Type", ".spec.type"},
                  {"Chain", ".status.chainPosition", "integer", true},
                  {"Time", ".spec.time"},
                  {"Size", ".status.size"},
                  {"Objects", ".status.objectCount", "integer"},
                  {"Complete", ".status.complete", "boolean"},
                  {"Verified", R"(.status.conditions[?(@.type=="Verified")].status)"},
                  {"Cluster", ".status.cluster.name", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<SnapshotSpec>,
      .status = &description_of<SnapshotStatus>,
  };
  return info;
}

}  // namespace dmaas::api
