#include "api/backup_policy.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::BackupPolicySpec);
DMAAS_DESCRIBE(dmaas::api::BackupPolicyStatus);
DMAAS_DESCRIBE(dmaas::api::PlanTemplate);

namespace dmaas::api {

template <>
const KindInfo& kind_info<BackupPolicy>() {
  static const KindInfo info{
      .kind = "BackupPolicy",
      .plural = "backuppolicies",
      .short_name = "bpol",
      .text =
          "What an administrator offers or imposes: which plans may be made, and for what they "
          "are made by themselves.",
      .columns = {{"Enforcement", ".spec.enforcement"},
                  {"Kinds", ".spec.openTo.kinds"},
                  {"Ready", R"(.status.conditions[?(@.type=="Ready")].status)"},
                  {"Namespaces", ".status.openNamespaces", "integer", true},
                  {"Protected", ".status.protectedTargets", "integer"},
                  {"Failed", ".status.failedTargets", "integer"},
                  {"Message", R"(.status.conditions[?(@.type=="Ready")].message)", "string", true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<BackupPolicySpec>,
      .status = &description_of<BackupPolicyStatus>,
      .scope = KindScope::cluster,
  };
  return info;
}

}  // namespace dmaas::api
