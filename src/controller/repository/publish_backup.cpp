#include "controller/repository/publish_backup.hpp"

#include <fmt/format.h>

#include <ranges>

#include "controller/references.hpp"
#include "controller/repository/stored_backups.hpp"
#include "controller/status.hpp"

namespace dmaas::controller {
namespace {

/// So many backups are asked for the owner, the newest first, when their documents are damaged.
constexpr std::size_t max_asked = 5;

}  // namespace

Result<std::string> publish_backup(World& world, const kube::ObjectKey& repository,
                                   std::string_view repository_id, const CommittedBackup& backup,
                                   std::stop_token stop) {
  auto snapshot = api::snapshot_of(backup.document, repository, repository_id, backup.snapshot_id);
  const auto& resource = api::kind_info<api::Snapshot>().resource();
  TRY(kube::ensure_created(world.client, resource, api::encode(snapshot), stop));
  set_ready(snapshot.status.conditions,
            {.reason = "Complete", .message = "every component is stored"}, world.clock.now());
  TRY(kube::apply_status(world.client, resource, api::encode_status(snapshot), {}, stop));
  return snapshot.metadata.name;
}

Result<> check_owner(const World& world, const RepositoryPlace& place,
                     const api::ClusterIdentity& owner) {
  if (owner.uid.empty() || owner.uid == world.cluster_uid) return {};
  return fail(
      ErrorCode::permission_denied,
      fmt::format("repository {} on storage {} belongs to cluster {} with uid {}, and this one has "
                  "uid {}: it is only read here. Give this cluster a name of its own with 'dmaas "
                  "install --cluster-name NAME', or use another storage",
                  place.path, place.storage.text(), owner.name, owner.uid, world.cluster_uid));
}

Result<std::optional<api::ClusterIdentity>> find_owner(const World& world,
                                                       const kube::ObjectKey& object,
                                                       engine::Repository& repository,
                                                       std::stop_token stop) {
  auto known = find_object<api::Repository>(world.stores.repositories, object);
  if (known && known->status.owner_cluster) return known->status.owner_cluster;
  auto backups = TRY(load_backups(repository, stop)).readable;
  if (backups.size() > max_asked)
    backups.erase(backups.begin(), backups.end() - static_cast<std::ptrdiff_t>(max_asked));
  for (const auto& document :
       TRY(load_documents(repository, backups, stop)) | std::views::reverse) {
    if (document) return api::ClusterIdentity{document->cluster.name, document->cluster.uid};
  }
  return std::nullopt;
}

}  // namespace dmaas::controller
