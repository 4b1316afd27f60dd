#include "applications/discovery/never_stored.hpp"

#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

struct KindRule {
  std::string_view group;
  std::string_view plural;  // "*": all of the group
  std::string_view reason;
};
constexpr KindRule kind_rules[] = {
    {"", "events", "a record of what happened in the source cluster"},
    {"events.k8s.io", "*", "a record of what happened in the source cluster"},
    {"", "nodes", "a machine of the source cluster"},
    {"", "bindings", "an action, not an object"},
    {"", "componentstatuses", "a view, not an object"},
    {"apps", "controllerrevisions", "history that its controller writes"},
    {"coordination.k8s.io", "*", "says who leads in the source cluster"},
    {"metrics.k8s.io", "*", "a measurement"},
    {"custom.metrics.k8s.io", "*", "a measurement"},
    {"external.metrics.k8s.io", "*", "a measurement"},
    {"authentication.k8s.io", "*", "an action, not an object"},
    {"authorization.k8s.io", "*", "an action, not an object"},
    {"packages.operators.coreos.com", "*", "a view, not an object"},
    {"storage.k8s.io", "csinodes", "a machine of the source cluster"},
    {"storage.k8s.io", "csistoragecapacities", "a measurement"},
    {"storage.k8s.io", "volumeattachments",
     "says where a volume is attached in the source cluster"},
    {"snapshot.storage.k8s.io", "volumesnapshots", "points into the source cluster's storage"},
    {"snapshot.storage.k8s.io", "volumesnapshotcontents",
     "points into the source cluster's storage"},
    {"resource.k8s.io", "resourceclaims", "an allocation in the source cluster"},
    {"dmaas.io", "backupsessions", "a record of what DMaaS did"},
    {"dmaas.io", "restoresessions", "a record of what DMaaS did"},
    {"dmaas.io", "verificationsessions", "a record of what DMaaS did"},
    {"dmaas.io", "copysessions", "a record of what DMaaS did"},
    {"dmaas.io", "standbys", "says whom the source cluster follows"},
    {"dmaas.io", "restoreconfigurations", "says what the source cluster restores"},
    {"dmaas.io", "snapshots", "a view of the repository"},
    {"dmaas.io", "repositories", "a view of the storage"},
};

bool is_kind(const Json& object, std::string_view api_version, std::string_view kind) {
  return text_at(object, "apiVersion") == api_version && text_at(object, "kind") == kind;
}

bool has_controller_that_makes_it_again(const Json& object) {
  if (!kube::controller_of(object)) return false;
  return is_kind(object, "v1", "Pod") || is_kind(object, "apps/v1", "ReplicaSet") ||
         is_kind(object, "batch/v1", "Job");
}

/// Endpoint slices are stored only when a person wrote them.
bool is_written_by_endpoint_controller(const Json& object) {
  return kube::kind_of(object) == "EndpointSlice" &&
         kube::label_of(object, "endpointslice.kubernetes.io/managed-by")
             .ends_with("-controller.k8s.io");
}

bool is_ephemeral_claim(const Json& object) {
  if (!is_kind(object, "v1", "PersistentVolumeClaim")) return false;
  const auto owner = kube::controller_of(object);
  return owner && owner->kind == "Pod";
}

/// Until Kubernetes 1.24 every service account got a Secret of this form by itself.
bool is_automatic_token(const Json& object) {
  if (text_at(object, "type") != "kubernetes.io/service-account-token") return false;
  const std::string account = kube::annotation_of(object, "kubernetes.io/service-account.name");
  constexpr std::size_t random_suffix = 5;
  const std::string prefix = account + "-token-";
  const std::string name = kube::name_of(object);
  return name.starts_with(prefix) && name.size() == prefix.size() + random_suffix;
}

bool is_published_certificate(const Json& object) {
  const std::string name = kube::name_of(object);
  return is_kind(object, "v1", "ConfigMap") &&
         (name == "kube-root-ca.crt" || name == "openshift-service-ca.crt");
}

struct ObjectRule {
  bool (*holds)(const Json&);
  std::string_view reason;
};
constexpr ObjectRule object_rules[] = {
    {kube::is_terminating, "being deleted"},
    {has_controller_that_makes_it_again, "its controller makes it again"},
    {[](const Json& object) {
       return !kube::annotation_of(object, "kubernetes.io/config.mirror").empty();
     },
     "a static pod of a machine"},
    {is_written_by_endpoint_controller, "its controller makes it again"},
    {is_ephemeral_claim, "scratch space that lives as long as its pod"},
    {is_automatic_token, "a token that every cluster makes for itself"},
    {is_published_certificate, "a certificate that every cluster publishes for itself"},
    {[](const Json& object) { return !kube::label_of(object, "dmaas.io/session-uid").empty(); },
     "made by DMaaS for one session"},
    {[](const Json& object) {
       return !kube::annotation_of(object, "control-plane.alpha.kubernetes.io/leader").empty();
     },
     "says who leads in the source cluster"},
    {[](const Json& object) {
       return !kube::label_of(object, "kubernetes.io/bootstrapping").empty();
     },
     "made by every API server for itself"},
    {[](const Json& object) {
       return kube::kind_of(object) == "PriorityClass" &&
              kube::name_of(object).starts_with("system-");
     },
     "made by every API server for itself"},
    {[](const Json& object) {
       return kube::kind_of(object) == "APIService" &&
              !kube::label_of(object, "kube-aggregator.kubernetes.io/automanaged").empty();
     },
     "made by every API server for itself"},
};

}  // namespace

std::string_view reason_never_stored(const kube::Resource& resource) {
  for (const auto& rule : kind_rules) {
    if (rule.group == resource.group && (rule.plural == "*" || rule.plural == resource.plural))
      return rule.reason;
  }
  return {};
}

std::string_view reason_never_stored(const Json& object) {
  for (const auto& rule : object_rules) {
    if (rule.holds(object)) return rule.reason;
  }
  return {};
}

}  // namespace dmaas::applications
