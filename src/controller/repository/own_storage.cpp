#include "controller/repository/own_storage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/validate.hpp"
#include "controller/references.hpp"

namespace dmaas::controller {
namespace {

/// As restic calls it.
constexpr std::string_view password_key = "RESTIC_PASSWORD";

bool is_owned_by(const api::BackupStorage& storage, const api::Repository& repository) {
  return std::ranges::any_of(storage.metadata.owner_references, [&](const auto& owner) {
    return owner.uid == repository.metadata.uid;
  });
}

bool is_as_wanted(const api::BackupStorageSpec& known, const api::BackupStorageSpec& wanted) {
  return known.backend == wanted.backend && known.credential_secret == wanted.credential_secret &&
         known.recovery_password_secret == wanted.recovery_password_secret;
}

}  // namespace

bool lacks_path(const api::Repository& repository) {
  return repository.spec.backend && repository.spec.path.empty();
}

Result<> give_path(World& world, const api::Repository& repository, std::stop_token stop) {
  const auto& own = repository.metadata;
  auto path = fmt::format("{}/ns/{}/{}", world.settings.cluster_name, own.namespace_name, own.name);
  Json patch = JsonObject{{"metadata", {{"resourceVersion", own.resource_version}}},
                          {"spec", {{"path", path}}}};
  TRY(world.client.patch(api::kind_info<api::Repository>().resource(), own.key(),
                         {kube::PatchKind::merge, patch}, {}, std::move(stop)));
  return {};
}

api::BackupStorage own_storage_of(const api::Repository& repository) {
  const auto& spec = repository.spec;
  api::BackupStorage storage;
  storage.metadata.name = repository.metadata.name;
  storage.metadata.namespace_name = repository.metadata.namespace_name;
  storage.metadata.labels[std::string(api::label::managed_by)] = "dmaas";
  auto owner = api::owner_reference_to(repository);
  // Deleted with its dependents first, the Repository must still be erased through the storage.
  owner.block_owner_deletion = false;
  storage.metadata.owner_references.push_back(std::move(owner));
  if (spec.backend) storage.spec.backend = *spec.backend;
  if (storage.spec.backend.s3)
    storage.spec.credential_secret = api::LocalReference{spec.storage_secret_name};
  storage.spec.recovery_password_secret = {.name = spec.storage_secret_name,
                                           .key = std::string(password_key)};
  return storage;
}

Result<> keep_own_storage(World& world, const api::Repository& repository, std::stop_token stop) {
  const auto& own = repository.metadata;
  TRY(api::validate(repository.spec, surroundings(world, own.namespace_name)));
  auto wanted = own_storage_of(repository);
  const auto resource = api::kind_info<api::BackupStorage>().resource();
  auto known = find_object<api::BackupStorage>(world.stores.storages, own.key());
  if (known && !is_owned_by(*known, repository)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("BackupStorage {} exists and is not of this Repository: give the "
                            "Repository another name",
                            own.key().text()));
  }
  if (known && is_as_wanted(known->spec, wanted.spec)) return {};
  if (!known) return kube::ensure_created(world.client, resource, api::encode(wanted), stop);
  // Quota and whatever else was set on it stays.
  known->spec.backend = wanted.spec.backend;
  known->spec.credential_secret = wanted.spec.credential_secret;
  known->spec.recovery_password_secret = wanted.spec.recovery_password_secret;
  TRY(world.client.replace(resource, api::encode(*known), {}, std::move(stop)));
  return {};
}

}  // namespace dmaas::controller
