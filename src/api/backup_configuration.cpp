#include "api/backup_configuration.hpp"

#include <algorithm>

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::BackupConfigurationSpec);
DMAAS_DESCRIBE(dmaas::api::BackupConfigurationStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<BackupConfiguration>() {
  static const KindInfo info{
      .kind = "BackupConfiguration",
      .plural = "backupconfigurations",
      .short_name = "bplan",
      .text = "A plan: which applications are backed up, when, how, and to where.",
      .columns = {{"Ready", R"(.status.conditions[?(@.type=="Ready")].status)"},
                  {"Paused", ".spec.paused", "boolean"},
                  {"Last Success", ".status.lastSuccessTime", "date"},
                  {"Next Run", ".status.nextRunTime"},
                  {"Last Session", ".status.lastSession", "string", true},
                  {"Phase", ".status.lastSessionPhase"},
                  {"Message", R"(.status.conditions[?(@.type=="Ready")].message)", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<BackupConfigurationSpec>,
      .status = &description_of<BackupConfigurationStatus>,
  };
  return info;
}

const BackupRun* BackupConfigurationSpec::find_run(std::string_view name) const {
  auto found = std::ranges::find(runs, name, &BackupRun::name);
  return found == runs.end() ? nullptr : &*found;
}

const BackupTarget* BackupConfigurationSpec::find_target(std::string_view name) const {
  auto found = std::ranges::find(targets, name, &BackupTarget::name);
  return found == targets.end() ? nullptr : &*found;
}

const LocalReference* retention_policy_of(const BackupConfiguration& plan,
                                          const kube::ObjectKey& storage) {
  for (const auto& entry : plan.spec.storages) {
    bool is_it = entry.storage.key(plan.metadata.namespace_name) == storage;
    if (is_it && entry.retention_policy) return &*entry.retention_policy;
  }
  return plan.spec.retention_policy ? &*plan.spec.retention_policy : nullptr;
}

}  // namespace dmaas::api
