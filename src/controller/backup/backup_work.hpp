#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_document.hpp"
#include "api/backup_session.hpp"
#include "api/backup_storage.hpp"
#include "api/snapshot.hpp"
#include "controller/movers.hpp"
#include "controller/repository/own_repository.hpp"
#include "controller/world.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::controller {

/// What one reconciliation of a BackupSession works on.
struct BackupWork {
  api::BackupSession session{};
  Json before{};  // the status as it was
  api::BackupConfiguration plan{};
  const api::BackupRun* run = nullptr;  // within `plan`
  std::vector<api::BackupStorage> storages{};

  bool is_over() const { return is_final(session.status.phase); }
  /// Those that the run backs up.
  std::vector<api::BackupTarget> targets() const { return api::targets_of(plan.spec, *run); }
};

api::OrderSession identity_of(const api::BackupSession& session);

/// Where the plan's backups are on a storage given as "namespace/name".
RepositoryPlace place_of(const World& world, const BackupWork& work, const std::string& storage);
/// Name of the Repository object, in the plan's namespace.
std::string repository_name_of(const World& world, const BackupWork& work,
                               const kube::ObjectKey& storage);
std::string twin_of(const BackupWork& work, const api::ComponentStatus& component);
/// Errors: not_found.
Result<api::BackupStorage> find_storage_by_text(const World& world, const std::string& storage);
/// The Snapshot objects that show backups of a repository of this plan.
std::vector<api::Snapshot> snapshots_of(const World& world, const BackupWork& work,
                                        const kube::ObjectKey& storage);

/// The plan's repository on a storage.
OwnRepository own_repository_of(const World& world, const BackupWork& work,
                                const api::BackupStorage& storage);

/// The pod that a component needs, with its rights at the gateway; makes the twin through which a
/// volume is read.
Result<MoverWish> wish_for(World& world, const BackupWork& work,
                           const api::ComponentStatus& component, std::stop_token stop);

/// What the component's mover has to do.
Result<api::WorkOrder> backup_order(World& world, const BackupWork& work,
                                    const api::ComponentStatus& component, std::stop_token stop);

/// backup.json of this session on one storage, from the components' results, but for the ids of
/// their trees.
api::BackupDocument describe_backup(const World& world, const BackupWork& work,
                                    const std::string& storage);
/// The same with these ids, which proves that every component is in the repository.
Result<api::BackupDocument> document_of(World& world, const BackupWork& work,
                                        const std::string& storage, std::stop_token stop);

/// Writes a mover's result into the status.
void end_component(api::BackupSessionStatus& status, api::ComponentStatus& component,
                   const api::MoverResult& result, Timestamp now);
/// That a component's claim went or was made anew since its mover was made, so that what was read
/// may be a part only; "" when nothing is wrong.
Result<std::string> trouble_of_source(World& world, const BackupWork& work,
                                      const api::ComponentStatus& component, std::stop_token stop);
/// The component has failed for this reason; its mover goes.
Result<> abandon(World& world, const BackupWork& work, api::ComponentStatus& component,
                 std::string message, std::stop_token stop);
/// Mover and twin go; what the component achieved stays.
Result<> end_mover(World& world, const BackupWork& work, api::ComponentStatus& component,
                   std::stop_token stop);

/// Makes the Snapshot object of a committed backup; needs only the API server.
Result<> publish_snapshot(World& world, const BackupWork& work, api::StorageResult& result,
                          std::stop_token stop);

/// Condition PointInTime: True when nothing is `moving`, else False and why.
void note_point_in_time(api::BackupSessionStatus& status, const std::string& moving, Timestamp now);

/// Condition: hooks before may have run, so those after have to.
inline constexpr std::string_view hooks_began = "HooksBegan";
/// Why the session fails; the first reason stays.
void note_failure(api::BackupSessionStatus& status, std::string message, Timestamp now);
bool has_failed(const api::BackupSessionStatus& status);

/// Final phase, conditions and message from what happened.
void finish_status(api::BackupSessionStatus& status, Timestamp now);

}  // namespace dmaas::controller
