#include "controller/pardon.hpp"

#include "api/object.hpp"
#include "api/repository.hpp"
#include "controller/policy/share_backups.hpp"
#include "controller/references.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

/// Whether the object is there and is going to stay.
Result<bool> stays(World& world, const kube::Resource& resource, const kube::ObjectKey& key,
                   std::stop_token stop) {
  auto object = world.client.get(resource, key, std::move(stop));
  if (object.failed_with(ErrorCode::not_found)) return false;
  if (!object) return fail(std::move(object).error());
  return !kube::is_terminating(*object);
}

}  // namespace

Result<std::string> general_pardon(World& world, const kube::Resource& resource,
                                   const std::string& namespace_name, std::stop_token stop) {
  if (!TRY(stays(world, kube::resources::namespaces(), {"", namespace_name}, stop)))
    return "its namespace is being deleted";
  kube::ObjectKey definition{"", resource.plural + "." + std::string(api::group_name)};
  if (!TRY(stays(world, kube::resources::custom_resource_definitions(), definition, stop)))
    return "the definition of its kind is being deleted";
  return "";
}

std::string pardon_of(const World& world, const api::Snapshot& snapshot) {
  if (snapshot.spec.deletion_policy != api::DeletionPolicy::erase) return "its policy is Retain";
  auto key = snapshot.spec.repository.key(snapshot.metadata.namespace_name);
  auto repository = find_object<api::Repository>(world.stores.repositories, key);
  if (!repository) return repository.error().message();
  if (is_shared(world, *repository)) return "its repository is only shown in this namespace";
  const auto& owner = repository->status.owner_cluster;
  if (owner && !repository->status.owned_by_this_cluster)
    return "the repository belongs to cluster " + owner->name + ": delete the backup there";
  return "";
}

}  // namespace dmaas::controller
