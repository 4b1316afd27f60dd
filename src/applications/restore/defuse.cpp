#include "applications/restore/defuse.hpp"

#include "applications/json_walk.hpp"
#include "applications/references.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

struct KindRule {
  std::string_view group;
  std::string_view kind;  // "*": all of the group
  std::string_view reason;
};
constexpr std::string_view to_the_outside = "would serve the copy to the outside";
constexpr std::string_view opens_isolation = "would open the scratch namespace to the outside";
constexpr std::string_view scales = "would change how much of the copy runs";
constexpr std::string_view acts_outside = "would make its controller act on what is outside";
constexpr KindRule kind_rules[] = {
    {"networking.k8s.io", "Ingress", to_the_outside},
    {"extensions", "Ingress", to_the_outside},
    {"gateway.networking.k8s.io", "*", to_the_outside},
    {"gateway.networking.x-k8s.io", "*", to_the_outside},
    {"route.openshift.io", "*", to_the_outside},
    {"networking.istio.io", "*", to_the_outside},
    {"traefik.io", "*", to_the_outside},
    {"traefik.containo.us", "*", to_the_outside},
    {"projectcontour.io", "*", to_the_outside},
    {"externaldns.k8s.io", "*", to_the_outside},
    // Policies add up: one of the application's own that allows more would undo ours.
    {"networking.k8s.io", "NetworkPolicy", opens_isolation},
    {"cilium.io", "*", opens_isolation},
    {"crd.projectcalico.org", "*", opens_isolation},
    {"projectcalico.org", "*", opens_isolation},
    // Those that a person wrote lead to addresses outside.
    {"", "Endpoints", opens_isolation},
    {"discovery.k8s.io", "EndpointSlice", opens_isolation},
    {"autoscaling", "*", scales},
    {"autoscaling.k8s.io", "*", scales},
    {"keda.sh", "*", scales},
    {"", "ResourceQuota", "limits the namespace that it was written for"},
    {"", "LimitRange", "limits the namespace that it was written for"},
    {"cert-manager.io", "*", acts_outside},
    {"acme.cert-manager.io", "*", acts_outside},
    {"argoproj.io", "*", acts_outside},
    {"helm.toolkit.fluxcd.io", "*", acts_outside},
    {"kustomize.toolkit.fluxcd.io", "*", acts_outside},
    {"source.toolkit.fluxcd.io", "*", acts_outside},
    {"dmaas.io", "*", "would back up and restore by itself"},
};

void keep_inside(Json* spec) {
  if (spec == nullptr) return;
  if (const auto type = text_of(at(spec, "type")); type == "LoadBalancer" || type == "NodePort")
    spec->get_object()["type"] = "ClusterIP";
  for (std::string_view key :
       {"externalIPs", "externalTrafficPolicy", "healthCheckNodePort", "loadBalancerIP",
        "loadBalancerClass", "loadBalancerSourceRanges", "allocateLoadBalancerNodePorts"})
    remove_field(spec, key);
  for_each_item(at(spec, "ports"), [](Json* port) { remove_field(port, "nodePort"); });
}

}  // namespace

std::string_view reason_to_defuse(const ObjectId& id) {
  if (id.key.namespace_name.empty()) return "belongs to the whole cluster";
  for (const auto& rule : kind_rules) {
    if (rule.group == id.group && (rule.kind == "*" || rule.kind == id.kind)) return rule.reason;
  }
  return {};
}

void defuse(Json& object) {
  const ObjectId id = id_of(object);
  if (id.group.empty() && id.kind == "Service") keep_inside(at(&object, "spec"));
  if (id.group == "batch" && id.kind == "CronJob") ensure_object(object, "spec")["suspend"] = true;
  Json* pod = pod_template_of(object);
  for (std::string_view key : {"priorityClassName", "priority", "preemptionPolicy"})
    remove_field(at(pod, "spec"), key);
}

}  // namespace dmaas::applications
