#include "api/backup_grant.hpp"

#include <algorithm>

#include "base/describe.hpp"
#include "base/glob.hpp"

DMAAS_DESCRIBE(dmaas::api::BackupGrantSpec);
DMAAS_DESCRIBE(dmaas::api::BackupGrantStatus);

namespace dmaas::api {

template <>
const KindInfo& kind_info<BackupGrant>() {
  static const KindInfo info{
      .kind = "BackupGrant",
      .plural = "backupgrants",
      .short_name = "bgrant",
      .text = "What a namespace allows another one's plans and sessions.",
      .columns = {{"Ready", R"(.status.conditions[?(@.type=="Ready")].status)"},
                  {"To", ".spec.to.namespace"},
                  {"Plan", ".spec.to.plan"},
                  {"Verbs", ".spec.verbs"},
                  {"Age", ".metadata.creationTimestamp", "date"}},
      .spec = &description_of<BackupGrantSpec>,
      .status = &description_of<BackupGrantStatus>,
  };
  return info;
}

bool allows(const BackupGrantSpec& grant, const GrantRequest& request) {
  const auto& what = grant.what;
  bool from = grant.to.namespace_name == request.from_namespace &&
              (grant.to.plan.empty() || grant.to.plan == request.plan);
  if (!from || std::ranges::count(grant.verbs, request.verb) == 0) return false;
  if (request.verb == GrantVerb::read) {
    return std::ranges::count(what.repositories, request.repository) > 0;
  }
  bool kind = what.kinds.empty() || std::ranges::count(what.kinds, request.kind) > 0 ||
              std::ranges::count(what.kinds, request.resource) > 0;
  bool name = what.names.empty() || std::ranges::any_of(what.names, [&](const auto& pattern) {
                return matches_glob(pattern, request.name);
              });
  bool labels = !what.selector || to_kube(*what.selector).matches(request.labels);
  return kind && name && labels;
}

}  // namespace dmaas::api
