#include "controller/restore/restore_source.hpp"

#include <fmt/format.h>

#include "api/names.hpp"
#include "api/repository.hpp"
#include "api/repository_path.hpp"
#include "api/snapshot.hpp"
#include "api/validate.hpp"
#include "controller/policy/share_backups.hpp"
#include "controller/references.hpp"
#include "controller/repository/stored_backups.hpp"
#include "controller/restore/hold_application.hpp"
#include "controller/restore/pick_backup.hpp"

namespace dmaas::controller {
namespace {

/// What follows `prefix` in one of the tags; "" when none has it.
std::string tagged(const engine::Snapshot& snapshot, std::string_view prefix) {
  for (const auto& tag : snapshot.tags) {
    if (tag.starts_with(prefix)) return tag.substr(prefix.size());
  }
  return {};
}

std::vector<BackupMoment> moments_of(const std::vector<engine::StoredSnapshot>& backups) {
  std::vector<BackupMoment> moments;
  for (const auto& [id, snapshot] : backups)
    moments.push_back({id.hex(), snapshot.time, tagged(snapshot, "dmaas.io/run=")});
  return moments;
}

/// Errors: corrupt (the one that is asked for).
Result<> check_undamaged(const std::vector<engine::SnapshotId>& damaged, const std::string& id,
                         const std::string& what_there_is) {
  for (const auto& lost : damaged) {
    if (!lost.hex().starts_with(id)) continue;
    return fail(ErrorCode::corrupt,
                fmt::format("snapshots/{} is damaged: choose another backup; {}", lost.hex(),
                            what_there_is));
  }
  return {};
}

}  // namespace

Result<SourceRepository> find_source(const World& world, const api::RestoreSession& session) {
  const auto& own = session.metadata.namespace_name;
  SourceRepository source;
  if (session.spec.source.repository) {
    source.object = session.spec.source.repository->key(own);
    TRY(check_repository(world, own, source.object));
    auto repository = TRY(find_object<api::Repository>(world.stores.repositories, source.object));
    // Whoever administers a namespace may make Repository objects there.
    source.storage = TRY(
        readable_storage_of(world, repository, surroundings(world, source.object.namespace_name)));
    source.place = place_of(repository);
  } else {
    const auto& stored = *session.spec.source.stored;
    source.storage = TRY(find_storage(world, stored.storage, own));
    auto where = surroundings(world, own);
    // On a storage of its own a namespace reads what it wrote anywhere.
    if (source.storage.metadata.namespace_name == own) where.cluster.clear();
    TRY(api::check_repository_path(stored.path, where));
    source.place = {source.storage.metadata.key(), stored.path};
  }
  return source;
}

Result<> check_restore(const World& world, const api::RestoreSession& session,
                       const SourceRepository& source) {
  const auto& own = session.metadata.namespace_name;
  // Which cluster's repositories it may name depends on the storage: find_source has looked.
  auto where = surroundings(world, own);
  where.cluster.clear();
  TRY(api::validate(session.spec, where));
  for (const auto& [from, to] : session.spec.namespace_map)
    TRY(check_namespace(world, own, to, api::GrantVerb::restore));
  TRY(check_ready(source.storage));
  TRY(resolve_hooks(world, session.spec.hooks, own));
  return check_quiescing_hook(world, session);
}

Result<ChosenBackup> choose_backup(const World& world, engine::Repository& repository,
                                   const SourceRepository& source, const api::RestoreSource& wanted,
                                   std::stop_token stop) {
  auto [backups, damaged] = TRY(load_backups(repository, stop));
  auto id = wanted.snapshot;
  if (!source.object.name.empty()) {
    auto named = find_object<api::Snapshot>(world.stores.snapshots,
                                            {source.object.namespace_name, wanted.snapshot});
    if (named) id = named->spec.snapshot_id;
  }
  auto moments = moments_of(backups);
  auto picked = pick_backup(moments, wanted, id);
  if (picked.failed_with(ErrorCode::not_found) && wanted.snapshot != "latest")
    TRY(check_undamaged(damaged, id, list_backups(moments, wanted.time_zone)));
  const auto* chosen = &backups[TRY(picked)];
  ChosenBackup result{chosen->id.hex(), chosen->snapshot.time, "", warning_of(damaged)};
  if (auto session = tagged(chosen->snapshot, "dmaas.io/session="); !session.empty()) {
    auto application = source.place.path.substr(source.place.path.rfind('/') + 1);
    result.object_name =
        api::snapshot_name(application, chosen->snapshot.time, repository.config().id, session);
  }
  return result;
}

}  // namespace dmaas::controller
