#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/repository.hpp"
#include "applications/commits.hpp"
#include "base/log.hpp"
#include "base/time_text.hpp"
#include "controller/anomaly/tell_unusual.hpp"
#include "controller/backup/backup_work.hpp"
#include "controller/backup/dropped_storages.hpp"
#include "controller/backup/reconcile_backup.hpp"
#include "controller/belongings.hpp"
#include "controller/references.hpp"
#include "controller/run_hooks.hpp"
#include "controller/status.hpp"

// The end of a backup's way, good or bad.

namespace dmaas::controller {

using api::BackupPhase;
using kube::Action;

namespace {

const Action again_now = Action::requeue(std::chrono::nanoseconds{0});
/// Until a mover that is being ended is gone.
const Action look_soon = Action::requeue(std::chrono::seconds{1});
/// How long a session that has failed waits for a storage to tell whether it holds a backup.
constexpr std::chrono::minutes storage_patience{10};

bool owes_hooks(const BackupWork& work) {
  const auto& status = work.session.status;
  return work.run != nullptr && status.phase < BackupPhase::hooks_after &&
         api::is_true(status.conditions, hooks_began) &&
         (!work.run->hooks.after.empty() || owes_undo(status.hooks));
}

bool has_failed_long_ago(const api::BackupSessionStatus& status, Timestamp now) {
  const auto* failed = api::find_condition(status.conditions, api::condition::failed);
  return failed != nullptr && failed->last_transition_time &&
         now - *failed->last_transition_time > storage_patience;
}

/// Whether a pod of this component is there, though it may be ending.
Result<bool> has_pod(World& world, const BackupWork& work, const api::ComponentStatus& component,
                     std::stop_token stop) {
  kube::ListOptions options{.label_selector = std::string(api::label::session_uid) + "=" +
                                              work.session.metadata.uid};
  auto pods = TRY(kube::list_all(world.client, kube::resources::pods(), options, std::move(stop)));
  return std::ranges::any_of(pods, [&](const Json& pod) {
    return kube::annotation_of(pod, api::annotation::component) == component.name;
  });
}

}  // namespace

Result<Action> BackupReconciler::conclude(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  cancel_background(work);
  if (!TRY(settle_commits(work, stop))) return look_soon;
  for (auto& component : status.components) {
    if (!is_final(component.phase)) TRY(abandon(world_, work, component, "not started", stop));
  }
  if (owes_hooks(work)) {
    status.phase = BackupPhase::hooks_after;
    return again_now;
  }
  TRY(publish_commits(work, stop));
  TRY(clean_up(work, stop));
  auto now = world_.clock.now();
  status.completion_time = now;
  status.plan_spec.clear();
  if (status.start_time) status.duration = format_duration(now - *status.start_time);
  finish_status(status, now);
  bool succeeded = status.phase == BackupPhase::succeeded;
  if (succeeded && work.plan.spec.stage_and_verify_first)
    status.message += "; it is on the stage, and copied when a verification there has passed";
  bool is_everywhere = succeeded && describe_dropped(status).empty();
  world_.events.record(
      work.session.source,
      {.severity = is_everywhere ? kube::EventSeverity::normal : kube::EventSeverity::warning,
       .reason = succeeded ? "Succeeded" : "Failed",
       .action = "Backup",
       .message = status.message});
  if (work.session.metadata.deletion_time) tell_failed_hooks(work);
  return Action::await_change();
}

void BackupReconciler::tell_failed_hooks(const Work& work) {
  for (const auto& hook : work.session.status.hooks) {
    if (hook.succeeded || hook.stage != "after") continue;
    world_.events.record(work.session.source,
                         {.severity = kube::EventSeverity::warning,
                          .reason = "HookFailed",
                          .action = "Backup",
                          .message = fmt::format("hook {}: {}", hook.name, hook.message)});
  }
}

Result<bool> BackupReconciler::settle_commits(Work& work, std::stop_token stop) {
  for (auto& component : work.session.status.components) {
    bool is_uncertain = component.name == "resources" && component.attempts > 0 &&
                        component.phase != api::ComponentPhase::succeeded;
    if (is_uncertain && !TRY(settle_commit(work, component, stop))) return false;
  }
  return true;
}

/// The mover may have committed without having told it. Only when its pod is gone the repository
/// says for certain. False: not gone yet.
Result<bool> BackupReconciler::settle_commit(Work& work, api::ComponentStatus& component,
                                             std::stop_token stop) {
  TRY(end_mover(world_, work, component, stop));
  if (TRY(has_pod(world_, work, component, stop))) return false;
  auto commit = [&]() -> Result<std::optional<engine::StoredSnapshot>> {
    auto storage = TRY(find_storage_by_text(world_, component.storage));
    auto place = place_of(world_, work, component.storage);
    auto opened = TRY(world_.vault.open(storage, place.path, Vault::WhenAbsent::fail, stop));
    return applications::find_commit(*opened->repository, work.session.metadata.uid, stop);
  }();
  if (!commit && may_pass(commit.code()) &&
      !has_failed_long_ago(work.session.status, world_.clock.now())) {
    return fail(std::move(commit).error());
  }
  if (!commit) {
    log_warning(
        "a session ends without knowing whether it has committed",
        {{"session", work.session.metadata.key().text()}, {"cause", commit.error().message()}});
  } else if (*commit) {
    component.phase = api::ComponentPhase::succeeded;
    component.completion_time = world_.clock.now();
    component.snapshot_id = (*commit)->id.hex();
    component.message.clear();
  }
  return true;
}

Result<> BackupReconciler::publish_commits(Work& work, std::stop_token stop) {
  for (auto& result : work.session.status.storages) {
    bool is_committed =
        std::ranges::any_of(work.session.status.components, [&](const auto& component) {
          return component.name == "resources" && component.storage == result.storage &&
                 component.phase == api::ComponentPhase::succeeded;
        });
    if (!is_committed || work.run == nullptr) continue;
    auto published = publish_snapshot(world_, work, result, stop);
    if (published) {
      kube::ObjectKey backup{work.plan.metadata.namespace_name, result.snapshot};
      auto told = tell_unusual(world_, work.plan, backup, stop);
      // A person may have deleted the object just now.
      if (!told && told.code() != ErrorCode::not_found) published = std::move(told);
    }
    if (!published && may_pass(published.code())) return published;
    if (!published)
      result.message = "the backup is there, but has no Snapshot: " + published.error().message();
  }
  return {};
}

void BackupReconciler::cancel_background(const Work& work) {
  for (auto name : {"resolve/", "hold/", "hooks-before/", "hooks-after/"})
    world_.background.cancel(name + work.session.metadata.uid);
}

Result<> BackupReconciler::clean_up(Work& work, std::stop_token stop) {
  const auto& uid = work.session.metadata.uid;
  world_.quiescence.drop(uid);
  for (auto& component : work.session.status.components) {
    TRY(end_mover(world_, work, component, stop));
  }
  TRY(remove_belongings_of(world_, uid, stop));
  release_repositories(work, stop);
  std::lock_guard lock{mutex_};
  applications_.erase(uid);
  begun_.erase(uid);
  return {};
}

void BackupReconciler::release_repositories(Work& work, std::stop_token stop) {
  std::vector<Vault::Origin> former;
  for (const auto& result : work.session.status.storages) {
    auto storage = find_storage_by_text(world_, result.storage);
    auto repository = find_object<api::Repository>(
        world_.stores.repositories, {work.session.metadata.namespace_name, result.repository});
    if (storage && repository) former.emplace_back(*storage, repository->spec.path);
  }
  world_.vault.release(work.session.metadata.uid, former, stop);
}

/// While movers work under the lock of an earlier process, this one takes it over in the
/// background.
void BackupReconciler::keep_hold(Work& work) {
  const auto& uid = work.session.metadata.uid;
  std::vector<RepositoryPlace> missing;
  for (const auto& result : work.session.status.storages) {
    if (result.dropped) continue;
    auto place = place_of(world_, work, result.storage);
    if (!world_.vault.is_held(place, uid)) missing.push_back(std::move(place));
  }
  if (missing.empty()) return;
  auto held = world_.background.run(
      "hold/" + uid,
      [this, missing, uid](std::stop_token stopped) -> Result<Json> {
        for (const auto& place : missing) {
          auto storage =
              TRY(find_object<api::BackupStorage>(world_.stores.storages, place.storage));
          TRY(world_.vault.open(storage, place.path, Vault::WhenAbsent::fail, stopped));
          TRY(world_.vault.hold(place, uid, stopped));
        }
        return Json();
      },
      [] {});
  if (held && !*held) {
    log_warning(
        "the lock of a repository could not be taken over",
        {{"session", work.session.metadata.key().text()}, {"cause", held->error().message()}});
  }
}

}  // namespace dmaas::controller
