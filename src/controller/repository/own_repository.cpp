#include "controller/repository/own_repository.hpp"

#include <fmt/format.h>

#include "api/names.hpp"
#include "api/repository.hpp"
#include "controller/references.hpp"
#include "controller/repository/publish_backup.hpp"
#include "controller/status.hpp"

namespace dmaas::controller {

kube::ObjectKey repository_object_of(const World& world, const std::string& namespace_name,
                                     const RepositoryPlace& place, const std::string& application) {
  kube::ObjectKey named{namespace_name,
                        api::repository_name(application, place.storage.namespace_name,
                                             place.storage.name, place.path)};
  const auto& repositories = world.stores.repositories;
  if (repositories.find(named) != nullptr) return named;
  for (const auto& object : repositories.in_namespace(namespace_name)) {
    if (text_at(*object, "spec", "path") != place.path) continue;
    auto repository = api::decode<api::Repository>(*object);
    if (repository && place_of(*repository) == place) return repository->metadata.key();
  }
  return named;
}

Result<std::shared_ptr<OpenRepository>> open_own_repository(World& world, const OwnRepository& own,
                                                            std::stop_token stop) {
  auto known = find_object<api::Repository>(world.stores.repositories, own.object);
  bool was_there = known && !known->status.repository_id.empty();
  if (!was_there)
    return world.vault.open(own.storage, own.place.path, Vault::WhenAbsent::create, stop);
  auto found = [&]() -> Result<std::shared_ptr<OpenRepository>> {
    auto opened = TRY(world.vault.open(own.storage, own.place.path, Vault::WhenAbsent::fail, stop));
    // It may have been open for a long time.
    TRY(opened->store->stat("config", stop));
    if (opened->repository->config().id == known->status.repository_id) return opened;
    return fail(ErrorCode::not_found, "another repository is there");
  }();
  if (!found.failed_with(ErrorCode::not_found)) return found;
  world.vault.forget(own.place.storage);
  return fail(ErrorCode::not_found,
              fmt::format("repository {} is gone from storage {}: bring back what was there, such "
                          "as the disk of a directory, or delete Repository {} to begin a new one",
                          own.place.path, own.place.storage.text(), own.object.text()));
}

Result<> ensure_repository_object(World& world, const OwnRepository& own,
                                  engine::Repository& repository, std::stop_token stop) {
  const auto& storage = own.place.storage;
  api::Repository object;
  object.metadata.namespace_name = own.object.namespace_name;
  object.metadata.name = own.object.name;
  object.spec.storage = api::NamespacedReference{storage.name, storage.namespace_name};
  object.spec.path = own.place.path;
  const auto& resource = api::kind_info<api::Repository>().resource();
  TRY(kube::ensure_created(world.client, resource, api::encode(object), stop));
  auto owner = TRY(find_owner(world, own.object, repository, stop));
  if (owner) TRY(check_owner(world, own.place, *owner));
  object.status.format_version = static_cast<std::int32_t>(repository.config().version);
  object.status.repository_id = repository.config().id;
  object.status.owner_cluster =
      api::ClusterIdentity{world.settings.cluster_name, world.cluster_uid};
  object.status.owned_by_this_cluster = true;
  object.status.application = own.application;
  set_ready(object.status.conditions, {.reason = "Opened", .message = "the repository is open"},
            world.clock.now());
  // What backups it holds is counted where they are, by the Repository's own reconciler, and a
  // check of it is not undone by a backup.
  auto shown = api::encode_status(object);
  for (auto unknown : {"snapshotCount", "lastCheck"}) shown.at("status").as_object().erase(unknown);
  TRY(kube::apply_status(world.client, resource, shown, {}, stop));
  return {};
}

}  // namespace dmaas::controller
