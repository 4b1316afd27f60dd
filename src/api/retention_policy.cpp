#include "api/retention_policy.hpp"

#include "base/describe.hpp"

DMAAS_DESCRIBE(dmaas::api::RetentionPolicySpec);
DMAAS_DESCRIBE(dmaas::api::RetentionPolicyStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<RetentionPolicy>() {
  static const KindInfo info{
      .kind = "RetentionPolicy",
      .plural = "retentionpolicies",
      .short_name = "retpol",
      .text = "Which backups of a plan are kept; the others are erased by maintenance.",
      .columns = {{"Within", ".spec.within"},
                  {"Last", ".spec.last", "integer"},
                  {"Hourly", ".spec.hourly", "integer"},
                  {"Daily", ".spec.daily", "integer"},
                  {"Weekly", ".spec.weekly", "integer"},
                  {"Monthly", ".spec.monthly", "integer"},
                  {"Yearly", ".spec.yearly", "integer"},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<RetentionPolicySpec>,
      .status = &description_of<RetentionPolicyStatus>,
  };
  return info;
}

}  // namespace dmaas::api
