#include "controller/repository/discover_backups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <set>

#include "api/snapshot.hpp"
#include "controller/maintenance/repository_use.hpp"
#include "controller/repository/nearest_paths.hpp"
#include "controller/repository/publish_backup.hpp"
#include "controller/repository/reconcile_repository.hpp"
#include "controller/repository/stored_backups.hpp"
#include "controller/status.hpp"

namespace dmaas::controller {
namespace {

/// "there is no repository ...", with those that there are.
Error absent(const GatewayClient& gateway, const RepositoryPlace& place, std::stop_token stop) {
  auto text =
      fmt::format("there is no repository {} on storage {}", place.path, place.storage.text());
  auto paths = gateway.list_repositories(place.storage, std::move(stop));
  if (paths && paths->empty()) text += ", nor any other";
  if (paths && !paths->empty()) {
    text += fmt::format("; the most alike of {} are: {}", paths->size(),
                        fmt::join(nearest_paths(place.path, *paths), ", "));
  }
  return {ErrorCode::not_found, std::move(text)};
}

/// The newest backups that no object shows yet.
std::vector<engine::StoredSnapshot> without_object(const StoredBackups& backups,
                                                   const std::vector<api::Snapshot>& shown) {
  std::set<std::string> ids;
  for (const auto& snapshot : shown) ids.insert(snapshot.spec.snapshot_id);
  std::vector<engine::StoredSnapshot> missing;
  for (const auto& backup :
       backups.readable | std::views::reverse | std::views::take(max_shown_backups)) {
    if (!ids.contains(backup.id.hex())) missing.push_back(backup);
  }
  return missing;
}

void take_identity(api::RepositoryStatus& status, const api::ClusterIdentity& cluster,
                   const api::ApplicationIdentity& application) {
  status.owner_cluster = cluster;
  status.application = application;
}

/// What the newest backup says of the repository, from its object or its document.
void show_identity(api::RepositoryStatus& status, const std::vector<api::Snapshot>& shown,
                   const std::vector<Result<api::BackupDocument>>& documents) {
  std::optional<Timestamp> newest;
  for (const auto& snapshot : shown) {
    bool is_newer = !newest || snapshot.spec.time > *newest;
    if (!is_newer || !snapshot.status.cluster || !snapshot.status.application) continue;
    newest = snapshot.spec.time;
    take_identity(status, *snapshot.status.cluster, *snapshot.status.application);
  }
  for (const auto& document : documents) {
    if (!document || (newest && document->time <= *newest)) continue;
    newest = document->time;
    take_identity(status, {document->cluster.name, document->cluster.uid}, document->application);
  }
}

/// What the storage says now of a backup that an object shows.
api::Condition condition_of(const api::Snapshot& snapshot, const StoredBackups& stored) {
  auto is_it = [&](const engine::SnapshotId& id) { return id.hex() == snapshot.spec.snapshot_id; };
  bool is_readable = std::ranges::any_of(
      stored.readable, [&](const engine::StoredSnapshot& backup) { return is_it(backup.id); });
  api::Condition ready{.type = std::string(api::condition::ready),
                       .status = is_readable ? api::ConditionStatus::yes : api::ConditionStatus::no,
                       .reason = "Complete",
                       .message = "every component is stored"};
  if (is_readable) return ready;
  bool is_damaged = std::ranges::any_of(stored.damaged, is_it);
  ready.reason = is_damaged ? std::string(api::reason::damaged) : "Gone";
  ready.message = is_damaged
                      ? "its snapshot on the storage cannot be read"
                      : "the backup is not on the storage any more: somebody removed it there";
  return ready;
}

/// Objects whose backup went or came back behind our back say so.
Result<> update_shown(World& world, std::vector<api::Snapshot> shown, const StoredBackups& stored,
                      std::stop_token stop) {
  for (auto& snapshot : shown) {
    auto condition = condition_of(snapshot, stored);
    bool is_there = condition.status == api::ConditionStatus::yes;
    const auto* known = api::find_condition(snapshot.status.conditions, api::condition::ready);
    bool is_known = known != nullptr && known->reason == condition.reason;
    if (is_known || (known == nullptr && is_there)) continue;
    api::set_condition(snapshot.status.conditions, condition, world.clock.now());
    snapshot.status.complete = is_there;
    auto written = write_status(world, snapshot, stop);
    bool has_changed =
        written.failed_with(ErrorCode::conflict) || written.failed_with(ErrorCode::not_found);
    if (!has_changed) TRY(written);
  }
  return {};
}

}  // namespace

std::vector<api::Snapshot> shown_backups(const World& world, const kube::ObjectKey& repository) {
  std::vector<api::Snapshot> shown;
  for (const auto& object : world.stores.snapshots.in_namespace(repository.namespace_name)) {
    auto snapshot = api::decode<api::Snapshot>(*object);
    if (snapshot && snapshot->spec.repository.key(repository.namespace_name) == repository)
      shown.push_back(std::move(*snapshot));
  }
  return shown;
}

Result<api::RepositoryStatus> discover_backups(World& world, const GatewayClient& gateway,
                                               const api::Repository& object,
                                               const api::BackupStorage& storage,
                                               std::stop_token stop) {
  RepositoryPlace place{storage.metadata.key(), object.spec.path};
  auto opened = world.vault.open_apart(storage, place.path, stop);
  if (opened.failed_with(ErrorCode::not_found)) return fail(absent(gateway, place, stop));
  if (!opened) return fail(std::move(opened).error());
  auto& repository = *(*opened)->repository;
  // Each process looks at every repository when it starts. What an earlier one could not remove is
  // known to nobody but the storage.
  auto is_used = [&] { return !sessions_using(world, place).empty(); };
  world.vault.remove_former_locks(storage, place.path, repository, is_used, stop);
  api::RepositoryStatus status;
  status.format_version = static_cast<std::int32_t>(repository.config().version);
  status.repository_id = repository.config().id;
  // Before the storage is asked: what is committed meanwhile is not missed there.
  auto shown = shown_backups(world, object.metadata.key());
  auto backups = TRY(load_backups(repository, stop));
  TRY(update_shown(world, shown, backups, stop));
  status.snapshot_count = static_cast<std::int32_t>(backups.readable.size());
  if (!backups.readable.empty()) {
    status.last_backup_time =
        std::chrono::floor<std::chrono::seconds>(backups.readable.back().snapshot.time);
  }
  shown = shown_backups(world, object.metadata.key());
  auto missing = without_object(backups, shown);
  auto documents = TRY(load_documents(repository, missing, stop));
  std::string unread;
  for (std::size_t i = 0; i < missing.size(); ++i) {
    auto id = missing[i].id.hex();
    if (!documents[i]) {
      unread = fmt::format("; backup {} cannot be read: {}", id.substr(0, 8),
                           documents[i].error().message());
      continue;
    }
    TRY(publish_backup(world, object.metadata.key(), status.repository_id, {*documents[i], id},
                       stop));
  }
  show_identity(status, shown, documents);
  auto damaged = warning_of(backups.damaged);
  set_ready(status.conditions,
            {.reason = "Opened",
             .message = fmt::format("the repository is open{}{}{}", unread,
                                    damaged.empty() ? "" : "; ", damaged)},
            world.clock.now());
  return status;
}

}  // namespace dmaas::controller
