#include "applications/restore/surroundings.hpp"

#include <fmt/format.h>

#include "applications/readiness.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

bool is_default_class(const Json& storage_class) {
  return kube::annotation_of(storage_class, "storageclass.kubernetes.io/is-default-class") ==
             "true" ||
         kube::annotation_of(storage_class, "storageclass.beta.kubernetes.io/is-default-class") ==
             "true";
}

}  // namespace

Result<Surroundings> Surroundings::read(const ClusterView& view, const RestorePlan& plan,
                                        std::stop_token stop) {
  Surroundings result;
  std::set<std::string> namespaces;
  for (const auto& object : plan.objects) {
    result.planned_.insert(object.destination);
    if (object.destination.kind == "StorageClass")
      result.classes_.insert(object.destination.key.name);
    const std::string& in_namespace = object.destination.key.namespace_name;
    if (!in_namespace.empty()) namespaces.insert(in_namespace);
  }
  for (const auto& name : namespaces) {
    TRY(result.read_namespace(view, name, stop));
  }
  auto keep_class = [&](const Json& storage_class) -> Result<> {
    result.classes_are_known_ = true;
    result.classes_.insert(kube::name_of(storage_class));
    result.has_default_class_ = result.has_default_class_ || is_default_class(storage_class);
    return {};
  };
  TRY(result.read_kind(view, "storage.k8s.io", "StorageClass", "", keep_class, stop));
  return result;
}

Result<> Surroundings::read_namespace(const ClusterView& view, const std::string& name,
                                      std::stop_token stop) {
  const ObjectId id{"", "Namespace", {"", name}};
  auto found = view.get(kube::resources::namespaces(), id.key, stop);
  if (!found && found.code() != ErrorCode::not_found) return fail(std::move(found).error());
  if (!found) {
    namespaces_.emplace(name, is_planned(id) ? NamespaceState::planned : NamespaceState::missing);
    return {};
  }
  const bool going =
      kube::is_terminating(*found) || readiness_of(*found).state == ReadinessState::failed;
  namespaces_.emplace(name, going ? NamespaceState::going : NamespaceState::there);
  auto keep_quota = [&](Json quota) -> Result<> {
    quotas_.push_back(std::move(quota));
    return {};
  };
  auto keep_service = [&](const Json& service) -> Result<> {
    services_.push_back(facts_of(kube::resources::services(), service));
    return {};
  };
  TRY(read_kind(view, "", "ResourceQuota", name, keep_quota, stop));
  return read_kind(view, "", "Service", name, keep_service, stop);
}

Result<> Surroundings::read_kind(const ClusterView& view, std::string_view group,
                                 std::string_view kind, const std::string& namespace_name,
                                 const kube::ObjectSink& sink, std::stop_token stop) {
  const auto* served = view.discovery().find_kind(group, kind);
  if (served == nullptr) return {};
  auto listed = view.list(served->resource, namespace_name, sink, stop);
  if (listed.failed_with(ErrorCode::permission_denied) || listed.failed_with(ErrorCode::not_found))
    return {};
  return listed;
}

NamespaceState Surroundings::state_of(const std::string& namespace_name) const {
  const auto found = namespaces_.find(namespace_name);
  return found == namespaces_.end() ? NamespaceState::missing : found->second;
}

std::optional<std::string> Surroundings::trouble_with_class(
    const std::string& storage_class) const {
  if (storage_class.empty()) {
    if (has_default_class_ || !classes_are_known_) return std::nullopt;
    return "the cluster has no default storage class: map the storage class to one that it has "
           "(--map-storage-class)";
  }
  if (classes_.contains(storage_class) || !classes_are_known_) return std::nullopt;
  return fmt::format(
      "storage class {} does not exist here: map it to one that does (--map-storage-class)",
      storage_class);
}

std::optional<ObjectId> Surroundings::foreign_service_of(
    const std::string& namespace_name, const std::map<std::string, std::string>& pod_labels) const {
  for (const auto& service : services_) {
    if (service.id.key.namespace_name != namespace_name || is_planned(service.id)) continue;
    if (service.selects_pods && service.selects_pods->matches(pod_labels)) return service.id;
  }
  return std::nullopt;
}

}  // namespace dmaas::applications
