#include "api/backup_target.hpp"

namespace dmaas::api {

std::vector<std::string> namespaces_of(const BackupTarget& target,
                                       const std::string& plan_namespace) {
  if (target.workload && !target.workload->namespace_name.empty())
    return {target.workload->namespace_name};
  if (target.namespaces.empty()) return {plan_namespace};
  return target.namespaces;
}

}  // namespace dmaas::api
