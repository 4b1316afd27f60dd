#include "applications/testing/memory_cluster.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/yaml.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

kube::ServedResource served(std::string_view api_version, std::string plural, std::string kind,
                            bool namespaced = true) {
  const auto parsed = kube::parse_api_version(api_version);
  kube::ServedResource result;
  result.resource = {parsed.group, parsed.version, std::move(plural), std::move(kind), namespaced};
  result.verbs = {"create", "delete", "get", "list", "patch", "update", "watch"};
  result.preferred = true;
  return result;
}

kube::ServedResource other_version(kube::ServedResource resource) {
  resource.preferred = false;
  return resource;
}

}  // namespace

MemoryCluster::MemoryCluster(kube::Discovery discovery) : discovery_(std::move(discovery)) {}

void MemoryCluster::put(Json object) {
  if (kube::uid_of(object).empty())
    ensure_object(object, "metadata")["uid"] = "uid-of-" + id_of(object).text();
  auto id = id_of(object);
  objects_.insert_or_assign(std::move(id), std::move(object));
}

void MemoryCluster::put_all(const std::vector<Json>& objects) {
  for (const auto& object : objects) put(object);
}

Result<> MemoryCluster::check(const kube::Resource& resource) const {
  auto refused = refused_.find(resource.plural);
  if (refused == refused_.end()) return {};
  return fail(refused->second, fmt::format("read {}: refused by the test", resource.name()));
}

Result<> MemoryCluster::list(const kube::Resource& resource, const std::string& namespace_name,
                             const kube::ObjectSink& sink, std::stop_token stop) const {
  ++lists_;
  TRY(check(resource));
  for (const auto& [id, object] : objects_) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
    if (id.group != resource.group || id.kind != resource.kind) continue;
    if (!namespace_name.empty() && id.key.namespace_name != namespace_name) continue;
    Json copy = object;
    copy.as_object()["apiVersion"] = resource.api_version();
    TRY(sink(std::move(copy)));
  }
  return {};
}

Result<Json> MemoryCluster::get(const kube::Resource& resource, const kube::ObjectKey& key,
                                std::stop_token) const {
  TRY(check(resource));
  auto found = objects_.find({resource.group, resource.kind, key});
  if (found == objects_.end())
    return fail(ErrorCode::not_found,
                fmt::format("get {} {}: not found", resource.name(), key.text()));
  Json copy = found->second;
  copy.as_object()["apiVersion"] = resource.api_version();
  return copy;
}

kube::Discovery test_discovery() {
  std::vector<kube::ServedResource> all = {
      served("v1", "namespaces", "Namespace", false),
      served("v1", "nodes", "Node", false),
      served("v1", "persistentvolumes", "PersistentVolume", false),
      served("v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
      served("v1", "pods", "Pod"),
      served("v1", "services", "Service"),
      served("v1", "endpoints", "Endpoints"),
      served("v1", "events", "Event"),
      served("v1", "secrets", "Secret"),
      served("v1", "configmaps", "ConfigMap"),
      served("v1", "serviceaccounts", "ServiceAccount"),
      served("v1", "resourcequotas", "ResourceQuota"),
      served("v1", "limitranges", "LimitRange"),
      served("apps/v1", "deployments", "Deployment"),
      served("apps/v1", "replicasets", "ReplicaSet"),
      served("apps/v1", "statefulsets", "StatefulSet"),
      served("apps/v1", "daemonsets", "DaemonSet"),
      served("apps/v1", "controllerrevisions", "ControllerRevision"),
      served("batch/v1", "jobs", "Job"),
      served("batch/v1", "cronjobs", "CronJob"),
      served("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
      other_version(
          served("autoscaling/v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler")),
      served("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"),
      served("networking.k8s.io/v1", "ingresses", "Ingress"),
      served("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"),
      served("discovery.k8s.io/v1", "endpointslices", "EndpointSlice"),
      served("rbac.authorization.k8s.io/v1", "roles", "Role"),
      served("rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding"),
      served("rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole", false),
      served("rbac.authorization.k8s.io/v1", "clusterrolebindings", "ClusterRoleBinding", false),
      served("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", false),
      served("storage.k8s.io/v1", "storageclasses", "StorageClass", false),
      served("storage.k8s.io/v1", "csidrivers", "CSIDriver", false),
      served("coordination.k8s.io/v1", "leases", "Lease"),
      served("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition",
             false),
      served("example.com/v1", "caches", "Cache"),
      other_version(served("example.com/v1beta1", "caches", "Cache")),
      served("example.com/v1", "cacheclasses", "CacheClass", false),
      served("example.org/v1", "databases", "Database"),
      served("example.org/v1", "imagelists", "ImageList"),
      served("example.org/v1", "clusterstores", "ClusterStore", false),
      served("catalog.example.org/v1", "databaseversions", "DatabaseVersion", false),
      served("dmaas.io/v1alpha1", "backupsessions", "BackupSession"),
  };
  return kube::Discovery(std::move(all));
}

std::vector<Json> read_test_objects(std::string_view file_name) {
  // Test programs run in the root of the checkout.
  const auto text = read_small_file(fmt::format("src/applications/testdata/{}", file_name));
  ENSURE(text.has_value());
  auto documents = parse_yaml_documents(*text);
  ENSURE(documents.has_value());
  return *std::move(documents);
}

}  // namespace dmaas::applications
