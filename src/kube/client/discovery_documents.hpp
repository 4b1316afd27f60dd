#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "kube/client/discovery.hpp"

// The documents from which a Discovery is made, without I/O. All readers take what they understand
// and leave out the rest.
namespace dmaas::kube {

/// What discovery has seen so far.
struct DiscoveredGroups {
  std::vector<ServedResource> served{};
  std::vector<std::string> incomplete{};
};

bool is_aggregated(const Json& document);
/// APIGroupDiscoveryList v2 and v2beta1, of /api or /apis. Versions marked Stale count as
/// incomplete.
void add_aggregated(const Json& document, DiscoveredGroups& groups);

/// The group/versions of an APIVersions (/api) or APIGroupList (/apis), each group's preferred
/// version first.
std::vector<std::string> group_versions_of(const Json& document);
/// APIResourceList of one group/version.
void add_resource_list(const Json& document, DiscoveredGroups& groups);

/// Marks the preferred versions: the first that serves a plural, in the order in which they were
/// added.
Discovery finish_discovery(DiscoveredGroups groups);

}  // namespace dmaas::kube
