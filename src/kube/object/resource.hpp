#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace dmaas::kube {

/// One kind of object as the API server serves it.
struct Resource {
  std::string group{};  // "" is the core group
  std::string version{};
  std::string plural{};
  std::string kind{};
  bool namespaced = true;

  /// "v1" or "apps/v1", as objects carry it.
  std::string api_version() const;
  /// "pods" or "deployments.apps", as people and RBAC name it.
  std::string name() const;

  auto operator<=>(const Resource&) const = default;
};

struct GroupVersion {
  std::string group{};
  std::string version{};

  auto operator<=>(const GroupVersion&) const = default;
};
/// "v1" → {"", "v1"}; "apps/v1" → {"apps", "v1"}.
GroupVersion parse_api_version(std::string_view api_version);

/// The kinds of other people's groups that this program names itself. All are served by
/// Kubernetes 1.24 to 1.34.
namespace resources {
Resource namespaces();
Resource nodes();
Resource pods();
Resource services();
Resource service_accounts();
Resource secrets();
Resource config_maps();
Resource persistent_volume_claims();
Resource persistent_volumes();
Resource storage_classes();
Resource resource_quotas();
Resource limit_ranges();
Resource deployments();
Resource stateful_sets();
Resource daemon_sets();
Resource replica_sets();
Resource jobs();
Resource cron_jobs();
Resource roles();
Resource role_bindings();
Resource cluster_roles();
Resource cluster_role_bindings();
Resource network_policies();
Resource custom_resource_definitions();
Resource leases();
Resource events();  // events.k8s.io/v1
Resource token_reviews();
Resource subject_access_reviews();
}  // namespace resources

}  // namespace dmaas::kube
