#include "applications/restore/versions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "applications/json_walk.hpp"

namespace dmaas::applications {
namespace {

constexpr std::int64_t index_format_version = 1;

/// Versions whose documents differ in nothing but apiVersion and fields that are called otherwise.
struct SameShape {
  std::string_view group;
  std::string_view kind;  // "*": all of the group
  std::string_view from;
  std::string_view to;
};
constexpr SameShape same_shapes[] = {
    {"batch", "CronJob", "v1beta1", "v1"},
    {"policy", "PodDisruptionBudget", "v1beta1", "v1"},
    {"autoscaling", "HorizontalPodAutoscaler", "v2beta2", "v2"},
    {"autoscaling", "HorizontalPodAutoscaler", "v2", "v2beta2"},
    {"rbac.authorization.k8s.io", "*", "v1beta1", "v1"},
    {"scheduling.k8s.io", "PriorityClass", "v1beta1", "v1"},
    {"storage.k8s.io", "StorageClass", "v1beta1", "v1"},
    {"node.k8s.io", "RuntimeClass", "v1beta1", "v1"},
    {"flowcontrol.apiserver.k8s.io", "*", "v1beta2", "v1"},
    {"flowcontrol.apiserver.k8s.io", "*", "v1beta3", "v1"},
    {"flowcontrol.apiserver.k8s.io", "*", "v1", "v1beta3"},
    {"flowcontrol.apiserver.k8s.io", "*", "v1", "v1beta2"},
};

bool has_same_shape(const kube::Resource& resource, std::string_view from, std::string_view to) {
  return std::ranges::any_of(same_shapes, [&](const SameShape& shape) {
    return shape.group == resource.group && (shape.kind == "*" || shape.kind == resource.kind) &&
           shape.from == from && shape.to == to;
  });
}

/// The versions in which the destination serves the kind, the preferred one first.
std::vector<kube::Resource> versions_served(const StoredKind& kind,
                                            const kube::Discovery& destination) {
  std::vector<kube::Resource> versions;
  for (const auto& served : destination.all()) {
    const auto& resource = served.resource;
    if (resource.group != kind.resource.group || resource.plural != kind.resource.plural) continue;
    versions.insert(served.preferred ? versions.begin() : versions.end(), resource);
  }
  return versions;
}

Error not_served(const StoredKind& kind, const std::vector<kube::Resource>& served) {
  std::string text = fmt::format("the cluster does not serve {} {}", kind.resource.api_version(),
                                 kind.resource.kind);
  for (const auto& version : served) text += fmt::format(", only {}", version.api_version());
  return {ErrorCode::unsupported, std::move(text)};
}

/// What a priority level's share was called up to v1beta2, and since v1beta3.
constexpr std::string_view old_share = "assuredConcurrencyShares";
constexpr std::string_view new_share = "nominalConcurrencyShares";

void rename_field(Json* object, std::string_view from, std::string_view to) {
  const Json* value = object == nullptr ? nullptr : find(*object, from);
  if (value == nullptr) return;
  Json moved = *value;
  remove_field(object, from);
  object->as_object()[boost::json::string_view(to.data(), to.size())] = std::move(moved);
}

}  // namespace

Result<std::vector<StoredKind>> parse_index(const Json& index) {
  const auto version = number_at(index, "formatVersion");
  if (!version)
    return fail(ErrorCode::invalid_input, "index.json of the backup has no formatVersion");
  if (*version > index_format_version) {
    return fail(ErrorCode::unsupported,
                fmt::format("index.json has format {}: use a newer program", *version));
  }
  std::vector<StoredKind> kinds;
  for (const auto& entry : items_at(index, "resources")) {
    StoredKind kind;
    kind.resource = {text_at(entry, "group"), text_at(entry, "preferred"),
                     text_at(entry, "resource"), text_at(entry, "kind"),
                     flag_at(entry, "namespaced")};
    for (const auto& stored : items_at(entry, "versions")) {
      if (stored.is_string()) kind.versions.emplace_back(stored.get_string());
    }
    kinds.push_back(std::move(kind));
  }
  return kinds;
}

Result<VersionChoice> choose_version(const StoredKind& kind, const kube::Discovery& destination) {
  const auto served = versions_served(kind, destination);
  auto stored_as = [&](const std::string& version) {
    kube::Resource resource = kind.resource;
    resource.version = version;
    return resource;
  };
  for (const auto& resource : served) {
    if (resource.version == kind.resource.version)
      return VersionChoice{kind.resource, resource, {}};
  }
  for (const auto& resource : served) {
    if (std::ranges::find(kind.versions, resource.version) == kind.versions.end()) continue;
    return VersionChoice{
        stored_as(resource.version), resource,
        fmt::format("{} instead of {}", resource.api_version(), kind.resource.api_version())};
  }
  for (const auto& resource : served) {
    for (const auto& version : kind.versions) {
      if (!has_same_shape(kind.resource, version, resource.version)) continue;
      return VersionChoice{
          stored_as(version), resource,
          fmt::format("{} made of {}", resource.api_version(), stored_as(version).api_version())};
    }
  }
  return fail(not_served(kind, served));
}

void convert(Json& document, const kube::Resource& applied) {
  document.as_object()["apiVersion"] = applied.api_version();
  if (applied.group != "flowcontrol.apiserver.k8s.io") return;
  Json* limited = at(&document, "spec", "limited");
  const bool is_old = applied.version == "v1beta2" || applied.version == "v1beta1";
  rename_field(limited, is_old ? new_share : old_share, is_old ? old_share : new_share);
}

}  // namespace dmaas::applications
