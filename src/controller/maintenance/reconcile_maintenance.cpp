#include "controller/maintenance/reconcile_maintenance.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "base/log.hpp"
#include "base/size_text.hpp"
#include "controller/belongings.hpp"
#include "controller/maintenance/due_maintenance.hpp"
#include "controller/maintenance/expire_backups.hpp"
#include "controller/maintenance/repository_use.hpp"
#include "controller/references.hpp"
#include "controller/status.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {

using api::MaintenanceOutcome;
using api::MaintenancePhase;
using kube::Action;

namespace {

const Action again_now = Action::requeue(std::chrono::nanoseconds{0});
const Action look_again = Action::requeue(poll_period);
constexpr std::string_view component = "maintenance";
/// So many repositories are maintained at one time: a midnight must not starve the backups.
constexpr std::size_t max_at_once = 2;
/// How long sessions that use the repository are waited for, while no new one begins.
constexpr std::chrono::minutes use_patience{10};
/// How long it is then left in peace.
constexpr std::chrono::minutes peace{1};
constexpr std::chrono::minutes retry_period{30};
/// Clocks are set, and Secrets change without telling.
constexpr std::chrono::minutes longest_pause{10};
/// What a session that was lost wrote is kept for so long, for its next attempt and for a look.
constexpr std::chrono::hours abandoned_age{48};

std::int32_t shares_of(const api::MaintenanceSettings& settings) {
  return settings.read_data_percent == 0 ? 0 : 100 / settings.read_data_percent;
}

api::OrderSession identity_of(const api::Repository& repository) {
  return {"Repository", repository.metadata.namespace_name, repository.metadata.name,
          repository.metadata.uid};
}

bool has_mover(const api::Repository& repository, const std::string& pod_uid) {
  const auto& status = repository.status.maintenance;
  return status.phase == MaintenancePhase::running && status.pod && status.pod->uid == pod_uid;
}

std::string describe(const api::MaintenanceReport& report) {
  auto text = fmt::format("erased {} backups, freed {}, {} are stored", report.backups_erased,
                          format_bytes(report.freed_bytes), format_bytes(report.stored_bytes));
  if (report.read_bytes > 0)
    text += fmt::format("; read and verified {}", format_bytes(report.read_bytes));
  return text;
}

}  // namespace

Result<Action> MaintenanceReconciler::reconcile(const Json& object, std::stop_token stop) {
  auto newest = TRY(load_newest<api::Repository>(world_, object, stop));
  if (!newest) return Action::await_change();
  Work work{.repository = std::move(*newest)};
  auto before = to_json(work.status());
  auto storage = storage_holding(world_, work.repository);
  bool is_idle = work.status().phase == MaintenancePhase::idle;
  bool is_going = work.repository.metadata.deletion_time.has_value();
  if (is_going && is_idle) return Action::await_change();
  if (!storage && is_idle) return Action::requeue(longest_pause);
  if (!is_idle) {
    std::lock_guard lock{mutex_};
    under_way_[work.repository.metadata.key()] = work.repository.metadata.uid;
  }
  auto action = again_now;
  if (storage) work.storage = std::move(*storage);
  if (is_going) {
    if (work.status().phase != MaintenancePhase::finishing)
      note_failure(work, "the repository is being deleted");
    action = TRY(finish(work, stop));
  } else if (storage) {
    action = TRY(step(work, stop));
  } else if (storage.failed_with(ErrorCode::not_found)) {
    // Nothing on it can be reached any more.
    note_failure(work, storage.error().message());
    action = TRY(finish(work, stop));
  } else {
    return fail(std::move(storage).error());
  }
  if (to_json(work.status()) != before) TRY(write_status(world_, work.repository, stop));
  if (work.status().phase == MaintenancePhase::finishing && work.status().pod)
    world_.reports.settle(work.status().pod->uid);
  return action;
}

Result<Action> MaintenanceReconciler::step(Work& work, std::stop_token stop) {
  auto action = advance(work, std::move(stop));
  if (action) return action;
  work.status().message = action.error().message();
  if (work.status().phase == MaintenancePhase::idle) return Action::requeue(longest_pause);
  if (may_pass(action.code())) return look_again;
  note_failure(work, action.error().message());
  return again_now;
}

Result<Action> MaintenanceReconciler::advance(Work& work, std::stop_token stop) {
  switch (work.status().phase) {
    case MaintenancePhase::idle:
      return begin(work, std::move(stop));
    case MaintenancePhase::waiting:
      return wait(work);
    case MaintenancePhase::running:
      return run(work, std::move(stop));
    case MaintenancePhase::finishing:
      break;
  }
  return finish(work, std::move(stop));
}

Result<Action> MaintenanceReconciler::begin(Work& work, std::stop_token stop) {
  const auto& repository = work.repository;
  // Nothing tells here that a storage is back, or whose a repository is.
  if (!repository.status.owned_by_this_cluster) return Action::requeue(longest_pause);
  if (!api::is_true(repository.status.conditions, api::condition::ready))
    return Action::requeue(peace);
  auto now = world_.clock.now();
  const auto& settings = work.storage.spec.maintenance;
  const auto owed = repository.status.pending_erasures.size();
  auto deleted = erased_backups(world_, repository.metadata.key()).size();
  MaintenanceReasons reasons{
      .creation = repository.metadata.creation_time.value_or(now),
      .erasures = deleted + owed,
      .request = kube::annotation_of(repository.source, api::annotation::maintain)};
  auto due = TRY(find_due_maintenance(settings, work.status(), reasons, now));
  if (due.is_due && deleted > 0) {
    // The local copies may still show what the maintenance that has just ended let go.
    reasons.erasures =
        TRY(list_erased_backups(world_, repository.metadata.key(), stop)).size() + owed;
    due = TRY(find_due_maintenance(settings, work.status(), reasons, now));
  }
  if (!due.is_due) {
    if (!due.next) return Action::await_change();
    return Action::requeue(std::min<std::chrono::nanoseconds>(*due.next - now, longest_pause));
  }
  if (count_others(repository) >= max_at_once) return look_again;
  auto& status = work.status();
  status.phase = MaintenancePhase::waiting;
  status.start_time = now;
  status.attempts = 0;
  status.request = reasons.request;
  status.message.clear();
  return again_now;
}

std::size_t MaintenanceReconciler::count_others(const api::Repository& repository) const {
  std::size_t others = 0;
  for (const auto& object : world_.stores.repositories.all()) {
    auto other = api::decode<api::Repository>(*object);
    if (other && other->metadata.uid != repository.metadata.uid &&
        other->status.maintenance.phase != MaintenancePhase::idle)
      ++others;
  }
  return others;
}

Result<Action> MaintenanceReconciler::wait(Work& work) {
  auto& status = work.status();
  auto key = work.repository.metadata.key();
  // A session that began a moment ago does not know yet; it is in the way of the lock.
  if (auto users = sessions_using(world_, work.place()); !users.empty()) {
    status.message = fmt::format("waiting for {}", fmt::join(users, ", "));
    if (world_.clock.now() - *status.start_time > use_patience)
      postpone(work, "the repository is in use: " + status.message, peace);
    return look_again;
  }
  // A look that is under way might show again what is going to be erased.
  world_.background.cancel("repository/" + work.repository.metadata.uid);
  auto prepared = world_.background.run(
      "maintenance/" + work.repository.metadata.uid,
      [this, work](std::stop_token stopped) { return prepare(work, std::move(stopped)); },
      [this, key] { wake_(key); });
  if (!prepared) return look_again;
  if (!*prepared) {
    world_.vault.release(work.repository.metadata.uid, {}, {});
    if (!may_pass(prepared->code())) return fail(std::move(*prepared).error());
    postpone(work, prepared->error().message(), peace);
    return look_again;
  }
  status.erasing.clear();
  for (const auto& id : (*prepared)->as_array()) status.erasing.emplace_back(id.as_string());
  status.message.clear();
  status.phase = MaintenancePhase::running;
  return again_now;
}

Result<> MaintenanceReconciler::take_lock(const Work& work, std::stop_token stop) {
  TRY(world_.vault.open(work.storage, work.repository.spec.path, Vault::WhenAbsent::fail, stop));
  return world_.vault.hold_alone(work.place(), work.repository.metadata.uid, stop);
}

Result<Json> MaintenanceReconciler::prepare(const Work& work, std::stop_token stop) {
  const auto& repository = work.repository;
  TRY(take_lock(work, stop));
  TRY(expire_backups(world_, repository, stop));
  // From the server: the local copies may not know of them yet.
  JsonArray erasing;
  for (const auto& snapshot : TRY(list_erased_backups(world_, repository.metadata.key(), stop)))
    erasing.emplace_back(snapshot.spec.snapshot_id);
  for (const auto& id : repository.status.pending_erasures) erasing.emplace_back(id);
  return Json(std::move(erasing));
}

Result<bool> MaintenanceReconciler::keep_hold(const Work& work) {
  const auto& uid = work.repository.metadata.uid;
  if (world_.vault.is_held(work.place(), uid)) return true;
  auto held = world_.background.run(
      "maintenance/" + uid,
      [this, work](std::stop_token stopped) -> Result<Json> {
        TRY(take_lock(work, std::move(stopped)));
        return Json();
      },
      [this, key = work.repository.metadata.key()] { wake_(key); });
  if (!held) return false;
  if (held->failed_with(ErrorCode::locked))
    return fail(ErrorCode::invalid_input, "lost the lock: " + held->error().message());
  TRY(*held);
  return true;
}

Result<Action> MaintenanceReconciler::run(Work& work, std::stop_token stop) {
  auto& status = work.status();
  auto timeout = work.storage.spec.maintenance.timeout;
  if (world_.clock.now() - *status.start_time > timeout) {
    return fail(ErrorCode::invalid_input,
                "not done within spec.maintenance.timeout of the storage; the next one goes on");
  }
  if (!TRY(keep_hold(work))) return look_again;
  MoverFacts facts{status.pod, status.attempts, status.message};
  auto view = step_mover(world_, wish_for(work), facts, stop);
  status.pod = facts.pod;
  status.attempts = facts.attempts;
  if (!view) return fail(std::move(view).error());
  status.message = view->message;
  if (view->state == MoverState::given_up) return fail(ErrorCode::invalid_input, view->message);
  if (!view->result) return look_again;
  auto report = from_json<api::MaintenanceReport>(Json(view->result->report));
  if (report) note_check(work.repository, *report);
  if (view->result->outcome != api::MoverOutcome::succeeded)
    return fail(ErrorCode::invalid_input, view->result->message);
  note_success(work, report ? std::move(*report) : api::MaintenanceReport{});
  return again_now;
}

MoverWish MaintenanceReconciler::wish_for(const Work& work) const {
  MoverWish wish;
  wish.storage = work.storage.metadata.key().text();
  wish.max_movers = work.storage.spec.max_concurrent_movers;
  wish.repository = work.repository.spec.path;
  wish.scope = api::GatewayScope::maintain;
  wish.pod.key.namespace_name = world_.settings.namespace_name;
  wish.pod.part = "maintain";
  wish.pod.role = "maintain";
  wish.pod.session = identity_of(work.repository);
  wish.pod.component = component;
  wish.pod.settings = work.storage.spec.maintenance.mover;
  return wish;
}

void MaintenanceReconciler::note_success(Work& work, api::MaintenanceReport report) {
  auto& status = work.status();
  status.outcome = MaintenanceOutcome::succeeded;
  status.completion_time = world_.clock.now();
  status.postponed_until.reset();
  status.message = describe(report);
  status.report = std::move(report);
  status.last_request = status.request;
  auto shares = shares_of(work.storage.spec.maintenance);
  status.next_share = shares == 0 ? 0 : (status.next_share + 1) % shares;
  status.phase = MaintenancePhase::finishing;
}

void MaintenanceReconciler::note_check(api::Repository& repository,
                                       const api::MaintenanceReport& report) {
  auto now = world_.clock.now();
  auto& status = repository.status;
  status.stored_bytes = report.stored_bytes;
  status.last_check_time = now;
  bool is_sound = report.problem_count == 0;
  status.last_check = is_sound ? api::CheckOutcome::passed : api::CheckOutcome::failed;
  status.last_check_message =
      is_sound ? describe(report)
               : fmt::format(
                     "{} problems, the first: {}; take a full backup now, it stores anew "
                     "what is missing, and see 'dmaas repo check'",
                     report.problem_count, report.problems.empty() ? "" : report.problems.front());
  api::set_condition(status.conditions,
                     {.type = std::string(api::condition::healthy),
                      .status = is_sound ? api::ConditionStatus::yes : api::ConditionStatus::no,
                      .reason = is_sound ? "Checked" : std::string(api::reason::damaged),
                      .message = status.last_check_message},
                     now);
  if (is_sound) return;
  world_.events.record(repository.source, {.severity = kube::EventSeverity::warning,
                                           .reason = std::string(api::reason::damaged),
                                           .action = "Maintenance",
                                           .message = status.last_check_message});
}

void MaintenanceReconciler::note_failure(Work& work, std::string message) {
  auto& status = work.status();
  world_.events.record(work.repository.source, {.severity = kube::EventSeverity::warning,
                                                .reason = "MaintenanceFailed",
                                                .action = "Maintenance",
                                                .message = message});
  status.outcome = MaintenanceOutcome::failed;
  status.completion_time = world_.clock.now();
  status.postponed_until = *status.completion_time + retry_period;
  status.message = std::move(message);
  status.last_request = status.request;
  status.phase = MaintenancePhase::finishing;
}

void MaintenanceReconciler::postpone(Work& work, std::string message,
                                     std::chrono::nanoseconds delay) {
  auto& status = work.status();
  status.postponed_until = world_.clock.now() + delay;
  status.message = std::move(message);
  status.phase = MaintenancePhase::idle;
}

Result<Action> MaintenanceReconciler::finish(Work& work, std::stop_token stop) {
  auto& status = work.status();
  const auto& uid = work.repository.metadata.uid;
  world_.background.cancel("maintenance/" + uid);
  // Its grant goes first, so it does nothing more when the lock is let go.
  MoverFacts facts{status.pod, status.attempts, ""};
  TRY(retire_mover(world_, facts, stop));
  status.pod.reset();
  TRY(remove_belongings_of(world_, uid, stop));
  std::vector<Vault::Origin> former;
  if (!work.storage.metadata.name.empty())
    former.emplace_back(work.storage, work.repository.spec.path);
  world_.vault.release(uid, former, stop);
  if (status.outcome == MaintenanceOutcome::succeeded) {
    TRY(release_erased(work, stop));
    std::erase_if(work.repository.status.pending_erasures, [&](const std::string& id) {
      return std::ranges::count(status.erasing, id) > 0;
    });
    world_.events.record(
        work.repository.source,
        {.reason = "Maintained", .action = "Maintenance", .message = status.message});
  }
  status.erasing.clear();
  status.request.clear();
  status.phase = MaintenancePhase::idle;
  std::lock_guard lock{mutex_};
  under_way_.erase(work.repository.metadata.key());
  return again_now;
}

Result<> MaintenanceReconciler::release_erased(const Work& work, std::stop_token stop) {
  const auto& erasing = work.repository.status.maintenance.erasing;
  for (const auto& snapshot : erased_backups(world_, work.repository.metadata.key())) {
    if (std::ranges::count(erasing, snapshot.spec.snapshot_id) == 0) continue;
    TRY(kube::remove_finalizer(world_.client, api::kind_info<api::Snapshot>().resource(),
                               snapshot.source, std::string(api::erase_finalizer), stop));
  }
  return {};
}

void MaintenanceReconciler::forget(const kube::ObjectKey& key) {
  std::string uid;
  {
    std::lock_guard lock{mutex_};
    auto found = under_way_.extract(key);
    if (found.empty()) return;
    uid = found.mapped();
  }
  world_.background.cancel("maintenance/" + uid);
  // A failure is made good by the sweeper. The mover's grant goes before the lock.
  if (auto removed = remove_belongings_of(world_, uid, {}); !removed) {
    log_warning("the maintenance of a deleted repository is not cleaned up yet",
                {{"repository", key.text()}, {"cause", removed.error().message()}});
  }
  world_.vault.release(uid, {}, {});
}

std::optional<api::Repository> MaintenanceReconciler::find_by_mover(
    const std::string& pod_uid) const {
  for (const auto& object : world_.stores.repositories.all()) {
    auto repository = api::decode<api::Repository>(*object);
    if (repository && has_mover(*repository, pod_uid)) return std::move(*repository);
  }
  return std::nullopt;
}

std::optional<api::OrderSession> MaintenanceReconciler::session_of(
    const std::string& pod_uid) const {
  auto repository = find_by_mover(pod_uid);
  return repository ? std::optional(identity_of(*repository)) : std::nullopt;
}

Result<std::optional<api::WorkOrder>> MaintenanceReconciler::order_for(const std::string& pod_uid,
                                                                       std::stop_token stop) {
  auto repository = find_by_mover(pod_uid);
  if (!repository) return std::nullopt;
  auto storage = TRY(storage_holding(world_, *repository));
  auto place = place_of(*repository);
  auto opened = TRY(world_.vault.open(storage, place.path, Vault::WhenAbsent::fail, stop));
  const auto& settings = storage.spec.maintenance;
  const auto& status = repository->status.maintenance;
  api::WorkOrder order;
  order.session = identity_of(*repository);
  order.component = component;
  order.task = api::MoverTask::maintain;
  order.repository = world_.vault.order_for(place, opened->repository->master_key());
  order.memory_bytes = memory_limit_of(settings.mover);
  order.attempt = status.attempts;
  order.maintenance = api::OrderMaintenance{.erase = status.erasing,
                                            .abandoned_before = world_.clock.now() - abandoned_age,
                                            .share = status.next_share,
                                            .shares = shares_of(settings)};
  return order;
}

}  // namespace dmaas::controller
