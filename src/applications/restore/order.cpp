#include "applications/restore/order.hpp"

#include <string_view>

#include "applications/object_id.hpp"

namespace dmaas::applications {
namespace {

struct Place {
  std::string_view kind;
  RestorePart part;
  int priority;
};
using enum RestorePart;
constexpr Place places[] = {
    {"CustomResourceDefinition", configuration, 0},
    {"Namespace", configuration, 1},
    {"StorageClass", configuration, 2},
    {"PriorityClass", configuration, 2},
    {"RuntimeClass", configuration, 2},
    {"ClusterRole", configuration, 3},
    {"Role", configuration, 3},
    {"ServiceAccount", configuration, 4},
    {"ClusterRoleBinding", configuration, 5},
    {"RoleBinding", configuration, 5},
    {"Secret", configuration, 6},
    {"ConfigMap", configuration, 6},
    {"LimitRange", configuration, 7},
    {"PersistentVolumeClaim", configuration, 8},
    // A new quota refuses everything until its use is counted.
    {"ResourceQuota", configuration, 9},
    {"NetworkPolicy", workloads, 20},
    {"PodDisruptionBudget", workloads, 20},
    {"Service", workloads, 21},
    {"Endpoints", workloads, 22},
    {"EndpointSlice", workloads, 22},
    // Databases and other state first, then what uses it.
    {"Pod", workloads, 23},
    {"StatefulSet", workloads, 24},
    {"DaemonSet", workloads, 25},
    {"Deployment", workloads, 26},
    {"ReplicaSet", workloads, 26},
    {"ReplicationController", workloads, 26},
    {"Job", workloads, 29},
    {"CronJob", workloads, 29},
    {"Ingress", workloads, 30},
    {"HorizontalPodAutoscaler", workloads, 31},
    // From here on requests to the cluster may depend on the restored application.
    {"ValidatingWebhookConfiguration", workloads, 32},
    {"MutatingWebhookConfiguration", workloads, 32},
    {"APIService", workloads, 32},
};
// After the operators that admit and serve them; an operator's catalogue before what it lists.
constexpr RestoreOrder catalogue_entries{workloads, 27};
constexpr RestoreOrder custom_resources{workloads, 28};
constexpr RestoreOrder other_kinds{configuration, 6};

}  // namespace

RestoreOrder restore_order_of(const kube::Resource& resource) {
  if (!is_built_in_group(resource.group))
    return resource.namespaced ? custom_resources : catalogue_entries;
  for (const auto& place : places) {
    if (place.kind == resource.kind) return {place.part, place.priority};
  }
  return other_kinds;
}

}  // namespace dmaas::applications
