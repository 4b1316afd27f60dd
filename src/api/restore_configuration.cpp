#include "api/restore_configuration.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::RestoreConfigurationSpec);
DMAAS_DESCRIBE(dmaas::api::RestoreConfigurationStatus);

namespace dmaas::api {

BackupRun RestoreConfigurationSpec::times() const {
  BackupRun run;
  run.schedule = schedule;
  run.time_zone = time_zone;
  run.interval = interval;
  run.start_deadline = start_deadline;
  return run;
}

template <>
const KindInfo& kind_info<RestoreConfiguration>() {
  static const KindInfo info{
      .kind = "RestoreConfiguration",
      .plural = "restoreconfigurations",
      .short_name = "rplan",
      .text = "Repeats a restore by a schedule: the newest backup into claims that exist.",
      .columns = {{"Ready", R"(.status.conditions[?(@.type=="Ready")].status)"},
                  {"Restored", R"(.status.conditions[?(@.type=="Restored")].status)"},
                  {"Schedule", ".spec.schedule"},
                  {"Interval", ".spec.interval"},
                  {"Backup Of", ".status.lastRestored.time"},
                  {"Next", ".status.nextTime"},
                  {"Message", R"(.status.conditions[?(@.type=="Ready")].message)", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<RestoreConfigurationSpec>,
      .status = &description_of<RestoreConfigurationStatus>,
  };
  return info;
}

}  // namespace dmaas::api
