#include "controller/maintenance/repository_use.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/backup_session.hpp"
#include "api/labels.hpp"
#include "api/repository.hpp"
#include "api/repository_path.hpp"
#include "api/restore_session.hpp"
#include "controller/copying/copy_places.hpp"
#include "controller/references.hpp"
#include "controller/restore/restore_source.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {
namespace {

/// What a session has written down, or what its plan says when it has not come so far.
bool uses(const World& world, const api::BackupSession& session, const RepositoryPlace& place) {
  const auto& own = session.metadata.namespace_name;
  for (const auto& result : session.status.storages) {
    auto repository =
        find_object<api::Repository>(world.stores.repositories, {own, result.repository});
    if (repository && place_of(*repository) == place) return true;
  }
  if (!session.status.storages.empty()) return false;
  auto plan =
      find_object<api::BackupConfiguration>(world.stores.plans, {own, session.spec.plan.name});
  if (!plan) return false;
  auto path = api::repository_path(world.settings.cluster_name, plan->metadata.key(), plan->spec);
  auto storages = written_storages_of(world, *plan).value_or(std::vector<api::BackupStorage>());
  return path == place.path && std::ranges::any_of(storages, [&](const auto& storage) {
           return storage.metadata.key() == place.storage;
         });
}

bool uses(const World& world, const api::RestoreSession& session, const RepositoryPlace& place) {
  auto source = find_source(world, session);
  return source && source->place == place;
}

bool uses(const World& world, const api::CopySession& session, const RepositoryPlace& place) {
  auto places = find_places(world, session);
  return places && (places->source.place == place || places->destination.place == place);
}

}  // namespace

std::vector<std::string> sessions_using(const World& world, const RepositoryPlace& place) {
  std::vector<std::string> users;
  for (const auto& object : world.stores.backup_sessions.all()) {
    auto session = api::decode<api::BackupSession>(*object);
    if (!session || is_final(session->status.phase) || !session->status.start_time) continue;
    if (uses(world, *session, place))
      users.push_back("BackupSession " + session->metadata.key().text());
  }
  for (const auto& object : world.stores.restore_sessions.all()) {
    auto session = api::decode<api::RestoreSession>(*object);
    if (!session || is_final(session->status.stage) || !session->status.start_time) continue;
    if (uses(world, *session, place))
      users.push_back("RestoreSession " + session->metadata.key().text());
  }
  for (const auto& object : world.stores.copy_sessions.all()) {
    auto session = api::decode<api::CopySession>(*object);
    if (!session || is_final(session->status.phase) || !session->status.start_time) continue;
    if (uses(world, *session, place))
      users.push_back("CopySession " + session->metadata.key().text());
  }
  return users;
}

std::string maintenance_in_the_way(const World& world, const RepositoryPlace& place) {
  for (const auto& object : world.stores.repositories.all()) {
    auto repository = api::decode<api::Repository>(*object);
    if (!repository) continue;
    bool is_wiped_out = kube::is_kept_by(*object, api::wipe_out_finalizer);
    bool is_idle = repository->status.maintenance.phase == api::MaintenancePhase::idle;
    if ((is_idle && !is_wiped_out) || place_of(*repository) != place) continue;
    return fmt::format("waiting: repository {} is being {}", repository->metadata.key().text(),
                       is_wiped_out ? "wiped out" : "maintained");
  }
  return "";
}

}  // namespace dmaas::controller
