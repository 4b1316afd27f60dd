#include "controller/maintenance/expire_backups.hpp"

#include <algorithm>
#include <map>

#include "api/backup_configuration.hpp"
#include "api/labels.hpp"
#include "applications/retention/choose_kept.hpp"
#include "applications/retention/delete_backup.hpp"
#include "base/log.hpp"
#include "controller/anomaly/held_retention.hpp"
#include "controller/pardon.hpp"
#include "controller/references.hpp"
#include "controller/repository/discover_backups.hpp"
#include "controller/staging/staged_backup.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {
namespace {

/// Backups of this cluster by the key of the plan that made them, as "namespace/name".
std::map<std::string, std::vector<api::Snapshot>> backups_by_plan(
    const World& world, const kube::ObjectKey& repository) {
  std::map<std::string, std::vector<api::Snapshot>> by_plan;
  for (auto& snapshot : shown_backups(world, repository)) {
    const auto& status = snapshot.status;
    bool is_ours = status.cluster && status.cluster->uid == world.cluster_uid;
    if (is_ours && status.complete && !snapshot.metadata.deletion_time)
      by_plan[status.plan].push_back(std::move(snapshot));
  }
  return by_plan;
}

/// The Snapshot that `object` is when it waits for its backup in `repository` to be erased.
std::optional<api::Snapshot> erased_backup(const Json& object, const kube::ObjectKey& repository) {
  if (!kube::is_kept_by(object, api::erase_finalizer)) return std::nullopt;
  auto snapshot = api::decode<api::Snapshot>(object);
  bool is_here = snapshot && snapshot->spec.repository.key(repository.namespace_name) == repository;
  return is_here ? std::optional(std::move(*snapshot)) : std::nullopt;
}

}  // namespace

Result<std::vector<std::string>> find_expired(const World& world, const std::string& plan_text,
                                              const kube::ObjectKey& storage,
                                              const std::vector<api::Snapshot>& backups) {
  auto slash = plan_text.find('/');
  if (slash == std::string::npos) return std::vector<std::string>();
  kube::ObjectKey key{plan_text.substr(0, slash), plan_text.substr(slash + 1)};
  if (world.stores.plans.find(key) == nullptr) return std::vector<std::string>();
  auto plan = TRY(find_object<api::BackupConfiguration>(world.stores.plans, key));
  const auto* reference = api::retention_policy_of(plan, storage);
  if (reference == nullptr) return std::vector<std::string>();
  // What lies on the stage goes when it is copied: the stage's own retention says when.
  if (is_stage(plan, storage)) return std::vector<std::string>();
  if (!unaccepted_backups(world, plan).empty()) {
    log_info("no backup expires: data look unusual and nobody has accepted it",
             {{"plan", plan_text}});
    return std::vector<std::string>();
  }
  auto policy = TRY(find_object<api::RetentionPolicy>(world.stores.retention_policies,
                                                      reference->key(key.namespace_name)));
  // A backup of some targets does not take the place of one of others.
  std::map<std::string, std::vector<applications::RetainedBackup>> by_targets;
  for (const auto& backup : backups) {
    by_targets[api::targets_key_of(plan.spec, backup.spec.run)].push_back(
        {backup.metadata.name, backup.spec.time});
  }
  std::vector<std::string> expired;
  for (auto& [targets, candidates] : by_targets) {
    for (auto& backup :
         TRY(applications::choose_kept(std::move(candidates), policy.spec, world.clock.now()))) {
      if (backup.kept_by.empty()) expired.push_back(std::move(backup.name));
    }
  }
  return expired;
}

Result<> expire_backups(World& world, const api::Repository& repository, std::stop_token stop) {
  auto storage = api::storage_of(repository);
  for (const auto& [plan, backups] : backups_by_plan(world, repository.metadata.key())) {
    auto expired = TRY(find_expired(world, plan, storage, backups).context("retention of " + plan));
    for (const auto& backup : backups) {
      if (std::ranges::count(expired, backup.metadata.name) == 0) continue;
      log_info("a backup has expired", {{"backup", backup.metadata.key().text()}, {"plan", plan}});
      TRY(applications::delete_backup(world.client, backup, stop));
    }
  }
  return {};
}

std::vector<api::Snapshot> erased_backups(const World& world, const kube::ObjectKey& repository) {
  std::vector<api::Snapshot> erased;
  for (const auto& object : world.stores.snapshots.in_namespace(repository.namespace_name)) {
    if (auto snapshot = erased_backup(*object, repository)) erased.push_back(std::move(*snapshot));
  }
  return erased;
}

Result<std::vector<api::Snapshot>> list_erased_backups(World& world,
                                                       const kube::ObjectKey& repository,
                                                       std::stop_token stop) {
  std::vector<api::Snapshot> erased;
  kube::ListOptions here{.namespace_name = repository.namespace_name};
  const auto resource = api::kind_info<api::Snapshot>().resource();
  for (const auto& object : TRY(kube::list_all(world.client, resource, here, stop))) {
    if (auto snapshot = erased_backup(object, repository)) erased.push_back(std::move(*snapshot));
  }
  std::erase_if(erased, [&](const auto& snapshot) { return !pardon_of(world, snapshot).empty(); });
  if (erased.empty()) return erased;
  // Asked for after they were listed: they were deleted before the namespace was.
  auto pardon = TRY(general_pardon(world, resource, repository.namespace_name, std::move(stop)));
  if (!pardon.empty()) erased.clear();
  return erased;
}

}  // namespace dmaas::controller
