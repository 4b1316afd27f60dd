#include "kube/object/resource.hpp"

namespace dmaas::kube {
namespace {

Resource core(const char* plural, const char* kind) {
  return {"", "v1", plural, kind, true};
}

Resource cluster_scoped(Resource resource) {
  resource.namespaced = false;
  return resource;
}

Resource rbac(const char* plural, const char* kind) {
  return {"rbac.authorization.k8s.io", "v1", plural, kind, true};
}

}  // namespace

std::string Resource::api_version() const {
  return group.empty() ? version : group + "/" + version;
}

std::string Resource::name() const {
  return group.empty() ? plural : plural + "." + group;
}

GroupVersion parse_api_version(std::string_view api_version) {
  auto slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1))};
}

namespace resources {

Resource namespaces() {
  return cluster_scoped(core("namespaces", "Namespace"));
}
Resource nodes() {
  return cluster_scoped(core("nodes", "Node"));
}
Resource pods() {
  return core("pods", "Pod");
}
Resource services() {
  return core("services", "Service");
}
Resource service_accounts() {
  return core("serviceaccounts", "ServiceAccount");
}
Resource secrets() {
  return core("secrets", "Secret");
}
Resource config_maps() {
  return core("configmaps", "ConfigMap");
}
Resource persistent_volume_claims() {
  return core("persistentvolumeclaims", "PersistentVolumeClaim");
}
Resource persistent_volumes() {
  return cluster_scoped(core("persistentvolumes", "PersistentVolume"));
}
Resource storage_classes() {
  return {"storage.k8s.io", "v1", "storageclasses", "StorageClass", false};
}
Resource resource_quotas() {
  return core("resourcequotas", "ResourceQuota");
}
Resource limit_ranges() {
  return core("limitranges", "LimitRange");
}
Resource deployments() {
  return {"apps", "v1", "deployments", "Deployment", true};
}
Resource stateful_sets() {
  return {"apps", "v1", "statefulsets", "StatefulSet", true};
}
Resource daemon_sets() {
  return {"apps", "v1", "daemonsets", "DaemonSet", true};
}
Resource replica_sets() {
  return {"apps", "v1", "replicasets", "ReplicaSet", true};
}
Resource jobs() {
  return {"batch", "v1", "jobs", "Job", true};
}
Resource cron_jobs() {
  return {"batch", "v1", "cronjobs", "CronJob", true};
}
Resource roles() {
  return rbac("roles", "Role");
}
Resource role_bindings() {
  return rbac("rolebindings", "RoleBinding");
}
Resource cluster_roles() {
  return cluster_scoped(rbac("clusterroles", "ClusterRole"));
}
Resource cluster_role_bindings() {
  return cluster_scoped(rbac("clusterrolebindings", "ClusterRoleBinding"));
}
Resource network_policies() {
  return {"networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true};
}
Resource custom_resource_definitions() {
  return {"apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition",
          false};
}
Resource leases() {
  return {"coordination.k8s.io", "v1", "leases", "Lease", true};
}
Resource events() {
  return {"events.k8s.io", "v1", "events", "Event", true};
}
Resource token_reviews() {
  return {"authentication.k8s.io", "v1", "tokenreviews", "TokenReview", false};
}
Resource subject_access_reviews() {
  return {"authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false};
}

}  // namespace resources
}  // namespace dmaas::kube
