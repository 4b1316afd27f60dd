#include "controller/dump_pod.hpp"

#include <fmt/format.h>

#include "controller/mover_pod.hpp"
#include "controller/references.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {

Result<Json> find_dump_pod(World& world, const api::BackupTarget& target,
                           const std::string& plan_namespace, const api::LogicalDump& dump,
                           std::stop_token stop) {
  auto pods = TRY(ready_pods_of(world, target, plan_namespace, dump.pod_selector, std::move(stop)));
  if (pods.empty()) {
    return fail(ErrorCode::unavailable,
                fmt::format("no pod of target {} in namespace {} is ready for dump {}", target.name,
                            api::namespaces_of(target, plan_namespace).front(), dump.name));
  }
  auto pod = std::move(pods.front());
  if (find_container(pod, dump.container) == nullptr) {
    return fail(ErrorCode::invalid_input,
                fmt::format("pod {} has no container '{}': correct dumps[].container",
                            kube::key_of(pod).text(), dump.container));
  }
  return pod;
}

}  // namespace dmaas::controller
