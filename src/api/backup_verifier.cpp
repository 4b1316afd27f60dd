#include "api/backup_verifier.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::BackupVerifierSpec);
DMAAS_DESCRIBE(dmaas::api::BackupVerifierStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<BackupVerifier>() {
  static const KindInfo info{
      .kind = "BackupVerifier",
      .plural = "backupverifiers",
      .short_name = "bver",
      .text = "Verifies backups by restoring them into a scratch namespace, when and how it says.",
      .columns = {{"Ready", R"(.status.conditions[?(@.type=="Ready")].status)"},
                  {"Verified", R"(.status.conditions[?(@.type=="Verified")].status)"},
                  {"Schedule", ".spec.schedule"},
                  {"After Backup", ".spec.afterBackup", "boolean"},
                  {"Next", ".status.nextTime"},
                  {"Message", R"(.status.conditions[?(@.type=="Verified")].message)", "string",
                   true},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<BackupVerifierSpec>,
      .status = &description_of<BackupVerifierStatus>,
  };
  return info;
}

}  // namespace dmaas::api
