#include "controller/wipe_out/reconcile_wipe_out.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/labels.hpp"
#include "base/log.hpp"
#include "controller/maintenance/repository_use.hpp"
#include "controller/pardon.hpp"
#include "controller/policy/share_backups.hpp"
#include "controller/references.hpp"
#include "controller/repository/discover_backups.hpp"
#include "controller/status.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {

using kube::Action;

namespace {

/// A storage may come back, a lock of another cluster may go.
constexpr std::chrono::seconds retry_period{30};

const kube::Resource& repositories() {
  static const auto resource = api::kind_info<api::Repository>().resource();
  return resource;
}

std::string work_of(const api::Repository& repository) {
  return "wipe-out/" + repository.metadata.uid;
}

}  // namespace

Result<Action> WipeOutReconciler::reconcile(const Json& object, std::stop_token stop) {
  const std::string finalizer{api::wipe_out_finalizer};
  if (!kube::is_terminating(object)) {
    if (flag_at(object, "spec", "wipeOut")) {
      TRY(kube::add_finalizer(world_.client, repositories(), object, finalizer, stop));
    } else {
      TRY(kube::remove_finalizer(world_.client, repositories(), object, finalizer, stop));
    }
    return Action::await_change();
  }
  if (!kube::has_finalizer(object, finalizer)) return Action::await_change();
  auto newest = TRY(load_newest<api::Repository>(world_, object, stop));
  if (!newest) return Action::await_change();
  auto repository = std::move(*newest);
  if (auto pardon = TRY(find_pardon_of(repository, stop)); !pardon.empty()) {
    world_.background.cancel(work_of(repository));
    TRY(conclude(repository,
                 {.severity = kube::EventSeverity::warning,
                  .reason = "NotWipedOut",
                  .action = "WipeOut",
                  .message = "nothing is erased: " + pardon},
                 stop));
    return Action::await_change();
  }
  auto waiting = wipe_out(repository, stop);
  if (waiting && !*waiting) return Action::await_change();
  auto before = to_json(repository.status);
  set_ready(repository.status.conditions,
            {.reason = std::string(api::reason::wiping_out),
             .message = waiting ? **waiting
                                : waiting.error().message() +
                                      "; to let the object go and keep what is left, set "
                                      "spec.wipeOut: false",
             .ready = false},
            world_.clock.now());
  if (to_json(repository.status) != before) TRY(write_status(world_, repository, stop));
  return Action::requeue(waiting ? poll_period : retry_period);
}

Result<std::string> WipeOutReconciler::find_pardon_of(const api::Repository& repository,
                                                      std::stop_token stop) {
  if (!repository.spec.wipe_out) return "spec.wipeOut is false";
  auto pardon = TRY(
      general_pardon(world_, repositories(), repository.metadata.namespace_name, std::move(stop)));
  if (!pardon.empty()) return pardon;
  if (is_shared(world_, repository)) return "it is only shown in this namespace";
  if (!repository.status.owned_by_this_cluster) {
    const auto& owner = repository.status.owner_cluster;
    return owner ? "it belongs to cluster " + owner->name + ": delete it there"
                 : "nothing says that it is of this cluster";
  }
  auto storage = storage_holding(world_, repository);
  return storage.failed_with(ErrorCode::not_found) ? storage.error().message() : "";
}

Result<std::optional<std::string>> WipeOutReconciler::wipe_out(const api::Repository& repository,
                                                               std::stop_token stop) {
  using Waiting = std::optional<std::string>;
  if (repository.status.maintenance.phase != api::MaintenancePhase::idle)
    return Waiting("waiting: its maintenance is being ended");
  if (auto users = sessions_using(world_, place_of(repository)); !users.empty())
    return Waiting(fmt::format("waiting for {}", fmt::join(users, ", ")));
  // A look that is under way would show again what goes.
  world_.background.cancel("repository/" + repository.metadata.uid);
  auto erased = world_.background.run(
      work_of(repository),
      [this, repository](std::stop_token stopped) { return erase(repository, stopped); },
      [this, key = repository.metadata.key()] { wake_(key); });
  if (!erased) return Waiting("erasing the repository and its backups");
  auto objects = TRY(std::move(*erased));
  TRY(remove_snapshots(repository, stop));
  auto message =
      fmt::format("repository {} on storage {} is erased: {} objects", repository.spec.path,
                  api::storage_of(repository).text(), number_of(&objects).value_or(0));
  TRY(conclude(repository, {.reason = "WipedOut", .action = "WipeOut", .message = message}, stop));
  return Waiting();
}

Result<Json> WipeOutReconciler::erase(const api::Repository& repository, std::stop_token stop) {
  auto storage = TRY(storage_holding(world_, repository));
  auto place = place_of(repository);
  auto holder = work_of(repository);
  auto opened = world_.vault.open(storage, place.path, Vault::WhenAbsent::fail, stop);
  // An earlier process may have come so far.
  bool is_there = !opened.failed_with(ErrorCode::not_found);
  std::int64_t removed = 0;
  if (is_there) {
    TRY(opened);
    TRY(world_.vault.hold_alone(place, holder, stop));
    auto erased = gateway_.erase_repository(place, stop);
    world_.vault.release(holder, {}, {});
    world_.vault.forget(place.storage);
    removed = TRY(erased);
  }
  // Once more: the lock may have been renewed meanwhile.
  removed += TRY(gateway_.erase_repository(place, stop));
  TRY(world_.vault.remove_password(place, stop));
  return Json(removed);
}

Result<> WipeOutReconciler::conclude(const api::Repository& repository, const kube::EventNote& note,
                                     std::stop_token stop) {
  log_info("a Repository that is deleted is let go",
           {{"repository", repository.metadata.key().text()},
            {"reason", note.reason},
            {"message", note.message}});
  world_.events.record(repository.source, note);
  return kube::remove_finalizer(world_.client, repositories(), repository.source,
                                std::string(api::wipe_out_finalizer), std::move(stop));
}

Result<> WipeOutReconciler::remove_snapshots(const api::Repository& repository,
                                             std::stop_token stop) {
  const auto& resource = api::kind_info<api::Snapshot>().resource();
  for (const auto& snapshot : shown_backups(world_, repository.metadata.key())) {
    TRY(kube::ensure_removed(world_.client, resource, snapshot.metadata.key(),
                             {.uid = snapshot.metadata.uid}, stop));
  }
  return {};
}

}  // namespace dmaas::controller
