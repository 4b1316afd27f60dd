#include "controller/policy/share_backups.hpp"

#include <algorithm>
#include <set>

#include "api/backup_grant.hpp"
#include "api/labels.hpp"
#include "api/snapshot.hpp"
#include "api/validate.hpp"
#include "controller/references.hpp"
#include "controller/repository/discover_backups.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

const std::map<std::string, std::string>& our_labels() {
  static const std::map<std::string, std::string> labels{
      {std::string(api::label::managed_by), "dmaas"}};
  return labels;
}

Result<> ensure_grant(World& world, const api::Repository& repository, const std::string& receiver,
                      std::stop_token stop) {
  const auto& resource = api::kind_info<api::BackupGrant>().resource();
  auto key = repository.metadata.key();
  if (world.stores.grants.find(key) != nullptr) return {};
  api::BackupGrant grant;
  grant.metadata.name = key.name;
  grant.metadata.namespace_name = key.namespace_name;
  grant.metadata.labels = our_labels();
  grant.spec.to.namespace_name = receiver;
  grant.spec.what.repositories = {key.name};
  grant.spec.verbs = {api::GrantVerb::read};
  return kube::ensure_created(world.client, resource, api::encode(grant), std::move(stop));
}

Result<> ensure_repository(World& world, const api::Repository& repository,
                           const std::string& receiver, std::stop_token stop) {
  kube::ObjectKey key{receiver, repository.metadata.name};
  if (world.stores.repositories.find(key) != nullptr) return {};
  api::Repository shown;
  shown.metadata.name = key.name;
  shown.metadata.namespace_name = receiver;
  shown.metadata.labels = our_labels();
  auto storage = api::storage_of(repository);
  shown.spec.storage = api::NamespacedReference{storage.name, storage.namespace_name};
  shown.spec.path = repository.spec.path;
  return kube::ensure_created(world.client, api::kind_info<api::Repository>().resource(),
                              api::encode(shown), std::move(stop));
}

/// New backups show at once; the look at the storage is only every hour.
Result<> share_snapshots(World& world, const api::Repository& repository,
                         const std::string& receiver, std::stop_token stop) {
  const auto& resource = api::kind_info<api::Snapshot>().resource();
  kube::ObjectKey shown_by{receiver, repository.metadata.name};
  std::set<std::string> known;
  for (const auto& snapshot : shown_backups(world, shown_by))
    known.insert(snapshot.spec.snapshot_id);
  std::set<std::string> present;
  for (const auto& snapshot : shown_backups(world, repository.metadata.key())) {
    present.insert(snapshot.spec.snapshot_id);
    bool is_done = snapshot.status.complete && !snapshot.metadata.deletion_time;
    if (!is_done || known.contains(snapshot.spec.snapshot_id)) continue;
    api::Snapshot shown;
    shown.metadata.name = snapshot.metadata.name;
    shown.metadata.namespace_name = receiver;
    shown.metadata.labels = snapshot.metadata.labels;
    shown.spec = snapshot.spec;
    shown.spec.repository = {.name = shown_by.name};
    shown.spec.deletion_policy = api::DeletionPolicy::retain;
    shown.status = snapshot.status;
    TRY(kube::ensure_created(world.client, resource, api::encode(shown), stop));
    TRY(kube::apply_status(world.client, resource, api::encode_status(shown), {}, stop));
  }
  for (const auto& snapshot : shown_backups(world, shown_by)) {
    const auto* ready = api::find_condition(snapshot.status.conditions, api::condition::ready);
    bool is_gone = ready != nullptr && ready->reason == "Gone";
    if (!is_gone || present.contains(snapshot.spec.snapshot_id)) continue;
    TRY(kube::ensure_removed(world.client, resource, snapshot.metadata.key(),
                             {.uid = snapshot.metadata.uid}, stop));
  }
  return {};
}

/// The Repository objects of a plan of the system namespace, which are there after its first
/// backup.
std::vector<api::Repository> repositories_of(const World& world,
                                             const applications::WantedPlan& plan) {
  std::vector<api::Repository> found;
  auto path = api::repository_path(world.settings.cluster_name, plan.key, plan.spec);
  for (const auto& object : world.stores.repositories.in_namespace(plan.key.namespace_name)) {
    auto repository = api::decode<api::Repository>(*object);
    if (repository && repository->spec.path == path && !repository->metadata.deletion_time)
      found.push_back(std::move(*repository));
  }
  return found;
}

}  // namespace

Result<> share_backups(World& world, const std::vector<applications::WantedPlan>& plans,
                       std::stop_token stop) {
  for (const auto& plan : plans) {
    if (plan.enforcement != api::Enforcement::mandatory) continue;
    const auto& receiver = plan.target.namespace_name();
    for (const auto& repository : repositories_of(world, plan)) {
      TRY(ensure_grant(world, repository, receiver, stop));
      TRY(ensure_repository(world, repository, receiver, stop));
      TRY(share_snapshots(world, repository, receiver, stop));
    }
  }
  return {};
}

bool is_shared(const World& world, const api::Repository& repository) {
  const auto& system = world.settings.namespace_name;
  const auto& own = repository.metadata.namespace_name;
  if (own == system) return false;
  auto place = place_of(repository);
  for (const auto& object : world.stores.repositories.in_namespace(system)) {
    auto original = api::decode<api::Repository>(*object);
    if (original && place_of(*original) == place)
      return check_repository(world, own, original->metadata.key()).has_value();
  }
  return false;
}

Result<api::BackupStorage> readable_storage_of(const World& world,
                                               const api::Repository& repository,
                                               const api::Surroundings& where) {
  if (is_shared(world, repository)) {
    return find_object<api::BackupStorage>(world.stores.storages, api::storage_of(repository));
  }
  TRY(api::validate(repository.spec, where));
  return storage_holding(world, repository);
}

}  // namespace dmaas::controller
