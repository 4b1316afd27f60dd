#include "controller/copying/choose_copies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "controller/maintenance/expire_backups.hpp"
#include "controller/references.hpp"
#include "controller/repository/discover_backups.hpp"

namespace dmaas::controller {
namespace {

bool is_good(const api::Snapshot& snapshot) {
  return snapshot.status.complete && !snapshot.metadata.deletion_time;
}

std::vector<api::BackupCopy> list_of(const std::vector<api::Snapshot>& snapshots) {
  std::vector<api::BackupCopy> copies;
  for (const auto& snapshot : snapshots) {
    if (copies.size() == api::CopySelection::max_backups) break;
    copies.push_back(
        {.snapshot = snapshot.metadata.name, .snapshot_id = snapshot.spec.snapshot_id});
  }
  return copies;
}

Result<std::vector<api::Snapshot>> find_named(const World& world, const api::CopySession& session,
                                              const kube::ObjectKey& repository) {
  std::vector<api::Snapshot> named;
  for (const auto& name : session.spec.backups.snapshots) {
    kube::ObjectKey key{repository.namespace_name, name};
    auto snapshot = TRY(find_object<api::Snapshot>(world.stores.snapshots, key));
    bool is_of_source = snapshot.spec.repository.key(key.namespace_name) == repository;
    if (!is_of_source || !is_good(snapshot)) {
      return fail(ErrorCode::invalid_input, fmt::format("Snapshot {} is not a complete backup in "
                                                        "Repository {}",
                                                        key.text(), repository.text()));
    }
    named.push_back(std::move(snapshot));
  }
  return named;
}

}  // namespace

bool is_same_backup(const api::Snapshot& one, const api::Snapshot& other) {
  return one.status.session == other.status.session && one.status.plan == other.status.plan &&
         one.spec.time == other.spec.time;
}

std::vector<api::Snapshot> missing_backups(const std::vector<api::Snapshot>& source,
                                           const std::vector<api::Snapshot>& destination) {
  std::vector<api::Snapshot> missing;
  for (const auto& snapshot : source) {
    bool is_there = std::ranges::any_of(
        destination, [&](const auto& other) { return is_same_backup(snapshot, other); });
    if (is_good(snapshot) && !is_there) missing.push_back(snapshot);
  }
  std::ranges::stable_sort(missing, std::ranges::greater{},
                           [](const auto& snapshot) { return snapshot.spec.time; });
  return missing;
}

Result<std::vector<api::Snapshot>> without_expired(const World& world,
                                                   const kube::ObjectKey& storage,
                                                   std::vector<api::Snapshot> missing,
                                                   const std::vector<api::Snapshot>& destination) {
  std::map<std::string, std::vector<api::Snapshot>> by_plan;
  for (const auto& snapshot : missing) by_plan[snapshot.status.plan].push_back(snapshot);
  for (const auto& snapshot : destination) {
    auto plan = by_plan.find(snapshot.status.plan);
    if (plan != by_plan.end() && is_good(snapshot)) plan->second.push_back(snapshot);
  }
  std::set<std::string> expired;
  for (const auto& [plan, backups] : by_plan) {
    auto names = TRY(find_expired(world, plan, storage, backups).context("retention of " + plan));
    expired.insert(names.begin(), names.end());
  }
  std::erase_if(missing,
                [&](const auto& snapshot) { return expired.contains(snapshot.metadata.name); });
  return missing;
}

Result<std::vector<api::BackupCopy>> choose_copies(const World& world,
                                                   const api::CopySession& session,
                                                   const CopyPlaces& places) {
  if (!session.spec.backups.missing)
    return list_of(TRY(find_named(world, session, places.source.object)));
  auto there = shown_backups(world, places.destination.object);
  auto missing = missing_backups(shown_backups(world, places.source.object), there);
  return list_of(
      TRY(without_expired(world, places.destination.place.storage, std::move(missing), there)));
}

}  // namespace dmaas::controller
