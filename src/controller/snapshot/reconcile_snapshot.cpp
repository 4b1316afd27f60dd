#include "controller/snapshot/reconcile_snapshot.hpp"

#include <algorithm>

#include "api/labels.hpp"
#include "base/log.hpp"
#include "controller/pardon.hpp"
#include "controller/references.hpp"
#include "controller/status.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {

using kube::Action;

namespace {

const kube::Resource& snapshots() {
  static const auto resource = api::kind_info<api::Snapshot>().resource();
  return resource;
}

/// How long an object waits for a storage that does not answer.
constexpr std::chrono::minutes storage_patience{10};

kube::ObjectKey repository_of(const api::Snapshot& snapshot) {
  return snapshot.spec.repository.key(snapshot.metadata.namespace_name);
}

}  // namespace

Result<Action> SnapshotReconciler::reconcile(const Json& object, std::stop_token stop) {
  auto snapshot = TRY(api::decode<api::Snapshot>(object));
  bool is_kept = kube::has_finalizer(object, api::erase_finalizer);
  if (snapshot.metadata.deletion_time)
    return is_kept ? release(snapshot, stop) : Action::await_change();
  bool erases = snapshot.spec.deletion_policy == api::DeletionPolicy::erase;
  const std::string finalizer{api::erase_finalizer};
  if (erases) {
    TRY(kube::add_finalizer(world_.client, snapshots(), object, finalizer, stop));
  } else {
    TRY(kube::remove_finalizer(world_.client, snapshots(), object, finalizer, stop));
  }
  return Action::await_change();
}

Result<Action> SnapshotReconciler::release(const api::Snapshot& snapshot, std::stop_token stop) {
  auto pardon = TRY(find_pardon(snapshot, stop));
  if (pardon.empty()) {
    auto repository =
        find_object<api::Repository>(world_.stores.repositories, repository_of(snapshot));
    bool is_ready =
        repository && api::is_true(repository->status.conditions, api::condition::ready);
    auto waited = world_.clock.now() - *snapshot.metadata.deletion_time;
    if (is_ready || waited < storage_patience) return Action::requeue(std::chrono::minutes{1});
    TRY(owe_erasure(repository_of(snapshot), snapshot.spec.snapshot_id, stop));
  } else {
    log_info("a Snapshot is deleted, its backup is not erased",
             {{"backup", snapshot.metadata.key().text()}, {"cause", pardon}});
  }
  TRY(kube::remove_finalizer(world_.client, snapshots(), snapshot.source,
                             std::string(api::erase_finalizer), stop));
  return Action::await_change();
}

Result<std::string> SnapshotReconciler::find_pardon(const api::Snapshot& snapshot,
                                                    std::stop_token stop) {
  auto pardon =
      TRY(general_pardon(world_, snapshots(), snapshot.metadata.namespace_name, std::move(stop)));
  return pardon.empty() ? pardon_of(world_, snapshot) : pardon;
}

Result<> SnapshotReconciler::owe_erasure(const kube::ObjectKey& repository,
                                         const std::string& snapshot_id, std::stop_token stop) {
  auto document =
      TRY(world_.client.get(api::kind_info<api::Repository>().resource(), repository, stop));
  auto object = TRY(api::decode<api::Repository>(document));
  auto& owed = object.status.pending_erasures;
  if (std::ranges::count(owed, snapshot_id) > 0) return {};
  if (owed.size() >= api::RepositoryStatus::max_pending_erasures)
    return fail(ErrorCode::exhausted, "too many backups of one repository wait to be erased");
  owed.push_back(snapshot_id);
  return write_status(world_, object, std::move(stop));
}

}  // namespace dmaas::controller
