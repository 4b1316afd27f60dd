#include "controller/restore/restore_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/names.hpp"
#include "api/repository.hpp"
#include "api/repository_path.hpp"
#include "api/snapshot.hpp"
#include "api/validate.hpp"
#include "base/time_text.hpp"
#include "controller/references.hpp"
#include "engine/inspect/walk_tree.hpp"

namespace dmaas::controller {
namespace {

constexpr std::string_view resources_tag = "dmaas.io/component=resources";
constexpr std::size_t max_document_bytes = 16 << 20;

bool is_backup(const engine::Snapshot& snapshot) {
  return std::ranges::find(snapshot.tags, resources_tag) != snapshot.tags.end();
}

struct Backups {
  std::vector<engine::StoredSnapshot> readable{};
  std::vector<engine::SnapshotId> damaged{};
};

Result<Backups> load_one_by_one(engine::Repository& repository, std::stop_token stop) {
  Backups backups;
  for (const auto& id : TRY(repository.list_snapshots(stop))) {
    auto snapshot = repository.load_snapshot(id, stop);
    if (snapshot) {
      backups.readable.push_back({id, std::move(*snapshot)});
    } else if (snapshot.failed_with(ErrorCode::corrupt)) {
      backups.damaged.push_back(id);
    } else if (!snapshot.failed_with(ErrorCode::not_found)) {
      return fail(std::move(snapshot).error());
    }
  }
  std::ranges::sort(backups.readable, {}, [](const auto& stored) { return stored.snapshot.time; });
  return backups;
}

Result<Backups> load_backups(engine::Repository& repository, std::stop_token stop) {
  Backups backups;
  auto snapshots = repository.load_snapshots(stop);
  if (snapshots) {
    backups.readable = std::move(*snapshots);
  } else if (snapshots.failed_with(ErrorCode::corrupt)) {
    backups = TRY(load_one_by_one(repository, stop));
  } else {
    return fail(std::move(snapshots).error());
  }
  std::erase_if(backups.readable, [](const auto& stored) { return !is_backup(stored.snapshot); });
  return backups;
}

std::string warning_of(const std::vector<engine::SnapshotId>& damaged) {
  if (damaged.empty()) return "";
  return fmt::format(
      "{} snapshots of the repository are damaged and were passed over, the first is "
      "snapshots/{}: find out what else is damaged with 'dmaas repo check'",
      damaged.size(), damaged.front().hex());
}

std::string list_of(const std::vector<engine::StoredSnapshot>& backups) {
  if (backups.empty()) return "the repository holds no backup that can be read";
  return fmt::format("the repository holds {} backups, the newest is {} of {}", backups.size(),
                     backups.back().id.short_hex(), format_seconds(backups.back().snapshot.time));
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
    TRY(api::validate(repository.spec, surroundings(world, source.object.namespace_name)));
    source.place = {repository.spec.storage.key(source.object.namespace_name),
                    repository.spec.path};
    source.storage =
        TRY(find_object<api::BackupStorage>(world.stores.storages, source.place.storage));
    if (!api::may_use(source.storage, source.object.namespace_name)) {
      return fail(ErrorCode::permission_denied, "BackupStorage " + source.place.storage.text() +
                                                    " is not open to namespace " +
                                                    source.object.namespace_name);
    }
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
  const engine::StoredSnapshot* chosen = nullptr;
  for (const auto& backup : backups) {
    bool matches = wanted.snapshot == "latest"
                       ? !wanted.before || backup.snapshot.time <= *wanted.before
                       : backup.id.hex().starts_with(id);
    if (!matches) continue;
    if (wanted.snapshot != "latest" && chosen != nullptr) {
      return fail(ErrorCode::invalid_input,
                  "more than one backup begins with " + id + ": give more digits");
    }
    chosen = &backup;
  }
  for (const auto& lost : damaged) {
    if (chosen == nullptr && wanted.snapshot != "latest" && lost.hex().starts_with(id)) {
      return fail(ErrorCode::corrupt, fmt::format("snapshots/{} is damaged: choose another backup; "
                                                  "{}",
                                                  lost.hex(), list_of(backups)));
    }
  }
  if (chosen == nullptr) {
    return fail(ErrorCode::not_found,
                fmt::format("no backup {}: {}", wanted.snapshot, list_of(backups)));
  }
  ChosenBackup result{chosen->id.hex(), chosen->snapshot.time, "", warning_of(damaged)};
  for (const auto& tag : chosen->snapshot.tags) {
    constexpr std::string_view prefix = "dmaas.io/session=";
    if (!tag.starts_with(prefix)) continue;
    auto slash = source.place.path.rfind('/');
    result.object_name =
        api::snapshot_name(source.place.path.substr(slash + 1), chosen->snapshot.time,
                           repository.config().id, tag.substr(prefix.size()));
  }
  return result;
}

Result<api::BackupDocument> load_document(engine::Repository& repository,
                                          const std::string& snapshot_id, std::stop_token stop) {
  auto id = TRY(engine::SnapshotId::parse(snapshot_id));
  auto snapshot = TRY(repository.load_snapshot(id, stop));
  TRY(repository.load_index(stop));
  auto node = TRY(engine::find_node(repository, snapshot.tree, api::BackupDocument::path, stop));
  if (!node.content || node.size > max_document_bytes)
    return fail(ErrorCode::corrupt, "backup.json is not a small file");
  std::string text;
  for (const auto& blob : *node.content) {
    auto piece = TRY(repository.load_blob(engine::data_blob(blob), stop));
    text += text_of(piece);
  }
  return api::decode_backup_document(text);
}

}  // namespace dmaas::controller
