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

bool BackupRun::starts_at_once() const {
  return first_run.value_or(interval ? FirstRun::at_once : FirstRun::scheduled) ==
         FirstRun::at_once;
}

const BackupRun* BackupConfigurationSpec::find_run(std::string_view name) const {
  auto found = std::ranges::find(runs, name, &BackupRun::name);
  return found == runs.end() ? nullptr : &*found;
}

const BackupTarget* BackupConfigurationSpec::find_target(std::string_view name) const {
  auto found = std::ranges::find(targets, name, &BackupTarget::name);
  return found == targets.end() ? nullptr : &*found;
}

std::vector<BackupTarget> targets_of(const BackupConfigurationSpec& plan, const BackupRun& run) {
  if (run.targets.empty()) return plan.targets;
  std::vector<BackupTarget> chosen;
  for (const auto& target : plan.targets) {
    if (std::ranges::count(run.targets, target.name) > 0) chosen.push_back(target);
  }
  return chosen;
}

std::string targets_key_of(const BackupConfigurationSpec& plan, std::string_view run) {
  const auto* found = plan.find_run(run);
  auto chosen = found == nullptr ? plan.targets : targets_of(plan, *found);
  std::string key;  // in the plan's order
  for (const auto& target : chosen) key += target.name + "/";
  return key;
}

const NamespacedReference* retention_policy_of(const BackupConfiguration& plan,
                                               const kube::ObjectKey& storage) {
  for (const auto& entry : plan.spec.storages) {
    bool is_it = entry.storage.key(plan.metadata.namespace_name) == storage;
    if (is_it && entry.retention_policy) return &*entry.retention_policy;
  }
  return plan.spec.retention_policy ? &*plan.spec.retention_policy : nullptr;
}

}  // namespace dmaas::api
