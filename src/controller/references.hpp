#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_grant.hpp"
#include "api/backup_storage.hpp"
#include "api/hooks.hpp"
#include "api/repository.hpp"
#include "api/validate.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

// References between our objects. A missing object is `not_found` and a reason to come again, never
// a rejection.

/// The typed object from a local copy. Errors: not_found, invalid_input (its spec breaks a rule;
/// the message says which).
template <class Kind>
Result<Kind> find_object(const kube::Store& store, const kube::ObjectKey& key) {
  auto object = store.find(key);
  if (object == nullptr) {
    return fail(ErrorCode::not_found,
                api::kind_info<Kind>().kind + " " + key.text() + " does not exist (yet)");
  }
  return api::decode<Kind>(*object).context(api::kind_info<Kind>().kind + " " + key.text());
}

/// The storages of a plan. When it names none: the default one of its namespace, else that of the
/// system namespace. Errors: not_found, permission_denied (the storage's `usage` leaves the plan's
/// namespace out).
Result<std::vector<api::BackupStorage>> storages_of(const World& world,
                                                    const api::BackupConfiguration& plan);

/// Those that its sessions write to: the stage, where backups are verified before they are copied
/// to the storages of the plan; else these. Errors: as above.
Result<std::vector<api::BackupStorage>> written_storages_of(const World& world,
                                                            const api::BackupConfiguration& plan);
/// Both, each once.
Result<std::vector<api::BackupStorage>> all_storages_of(const World& world,
                                                        const api::BackupConfiguration& plan);

/// Where an object of a namespace stands, for the rules about it.
api::Surroundings surroundings(const World& world, const std::string& namespace_name);

/// Where the repository lies that an object shows.
inline RepositoryPlace place_of(const api::Repository& repository) {
  return {api::storage_of(repository), repository.spec.path};
}

/// One storage that `namespace_name` may use. Errors: as above.
Result<api::BackupStorage> find_storage(const World& world,
                                        const api::NamespacedReference& reference,
                                        const std::string& namespace_name);

/// The one that holds `repository`. Errors: as above.
Result<api::BackupStorage> storage_holding(const World& world, const api::Repository& repository);

/// Errors: unavailable (the storage is not ready; the message says why).
Result<> check_ready(const api::BackupStorage& storage);
/// A plan works while one of its storages does. Errors: as check_ready, of the first one.
Result<> check_any_ready(const std::vector<api::BackupStorage>& storages);

/// Whether a session or plan of `from` may do `verb` in `namespace_name`: always in its own and
/// from the system namespace, else by a BackupGrant there. Errors: permission_denied, naming the
/// remedy.
Result<> check_namespace(const World& world, const std::string& from,
                         const std::string& namespace_name, api::GrantVerb verb);

/// Whether a plan may read every namespace that its targets name. Errors: permission_denied.
Result<> check_targets(const World& world, const api::BackupConfiguration& plan);

/// Whether sessions of `from` may restore from a repository: always from those of their own
/// namespace and from the system namespace, else by a BackupGrant that names it. Errors:
/// permission_denied, naming the remedy.
Result<> check_repository(const World& world, const std::string& from,
                          const kube::ObjectKey& repository);

/// The hooks with what their templates add. Errors: not_found, permission_denied, invalid_input.
Result<std::vector<api::ResolvedHook>> resolve_hooks(const World& world,
                                                     const std::vector<api::Hook>& hooks,
                                                     const std::string& namespace_name);

/// Whether its application serves. Pure.
bool is_ready_pod(const Json& pod);
/// Whether commands can be run in this container of it. Pure.
bool is_running(const Json& pod, std::string_view container);
/// The container of a pod that the hook is run in. Pure.
std::string container_for(const api::ResolvedHook& hook, const Json& pod);

/// Pods of a plan's target that have not ended, by name. Errors: unsupported (a workload of a kind
/// that has no pods of its own, and no `selector`), and those of the API server.
Result<std::vector<Json>> pods_of(World& world, const api::BackupTarget& target,
                                  const std::string& namespace_name,
                                  const std::optional<api::LabelSelector>& selector,
                                  std::stop_token stop);
/// Those of them that are ready.
Result<std::vector<Json>> ready_pods_of(World& world, const api::BackupTarget& target,
                                        const std::string& namespace_name,
                                        const std::optional<api::LabelSelector>& selector,
                                        std::stop_token stop);

}  // namespace dmaas::controller
