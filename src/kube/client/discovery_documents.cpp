#include "kube/client/discovery_documents.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace dmaas::kube {
namespace {

std::vector<std::string> texts_at(const Json& json, std::string_view key) {
  std::vector<std::string> texts;
  for (const auto& item : items_at(json, key)) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

ServedResource decode_aggregated(const Json& json, const std::string& group,
                                 const std::string& version) {
  ServedResource served;
  served.resource = {group, version, text_at(json, "resource"),
                     text_at(json, "responseKind", "kind"), text_at(json, "scope") == "Namespaced"};
  served.singular = text_at(json, "singularResource");
  served.verbs = texts_at(json, "verbs");
  served.short_names = texts_at(json, "shortNames");
  served.categories = texts_at(json, "categories");
  for (const auto& subresource : items_at(json, "subresources")) {
    served.subresources.push_back(text_at(subresource, "subresource"));
  }
  return served;
}

void add_version(const Json& version, const std::string& group, DiscoveredGroups& groups) {
  auto name = text_at(version, "version");
  auto api_version = group.empty() ? name : group + "/" + name;
  if (text_at(version, "freshness") == "Stale") groups.incomplete.push_back(api_version);
  for (const auto& resource : items_at(version, "resources")) {
    auto served = decode_aggregated(resource, group, name);
    if (!served.resource.plural.empty() && !served.resource.kind.empty()) {
      groups.served.push_back(std::move(served));
    }
  }
}

}  // namespace

bool is_aggregated(const Json& document) {
  return text_at(document, "kind") == "APIGroupDiscoveryList";
}

void add_aggregated(const Json& document, DiscoveredGroups& groups) {
  for (const auto& group : items_at(document, "items")) {
    for (const auto& version : items_at(group, "versions")) {
      add_version(version, text_at(group, "metadata", "name"), groups);
    }
  }
}

std::vector<std::string> group_versions_of(const Json& document) {
  auto versions = texts_at(document, "versions");
  for (const auto& group : items_at(document, "groups")) {
    auto preferred = text_at(group, "preferredVersion", "groupVersion");
    if (!preferred.empty()) versions.push_back(preferred);
    for (const auto& version : items_at(group, "versions")) {
      auto name = text_at(version, "groupVersion");
      if (!name.empty() && name != preferred) versions.push_back(name);
    }
  }
  return versions;
}

void add_resource_list(const Json& document, DiscoveredGroups& groups) {
  auto [group, version] = parse_api_version(text_at(document, "groupVersion"));
  std::vector<std::pair<std::string, std::string>> subresources;
  auto first = groups.served.size();
  for (const auto& json : items_at(document, "resources")) {
    auto name = text_at(json, "name");
    if (auto slash = name.find('/'); slash != std::string::npos) {
      subresources.emplace_back(name.substr(0, slash), name.substr(slash + 1));
      continue;
    }
    if (name.empty() || text_at(json, "kind").empty()) continue;
    ServedResource served;
    served.resource = {group, version, name, text_at(json, "kind"), flag_at(json, "namespaced")};
    served.singular = text_at(json, "singularName");
    served.verbs = texts_at(json, "verbs");
    served.short_names = texts_at(json, "shortNames");
    served.categories = texts_at(json, "categories");
    groups.served.push_back(std::move(served));
  }
  for (auto& [plural, subresource] : subresources) {
    for (auto i = first; i < groups.served.size(); ++i) {
      if (groups.served[i].resource.plural != plural) continue;
      groups.served[i].subresources.push_back(subresource);
    }
  }
}

Discovery finish_discovery(DiscoveredGroups groups) {
  std::set<std::pair<std::string, std::string>> seen;
  for (auto& served : groups.served) {
    served.preferred = seen.emplace(served.resource.group, served.resource.plural).second;
  }
  return Discovery(std::move(groups.served), std::move(groups.incomplete));
}

}  // namespace dmaas::kube
