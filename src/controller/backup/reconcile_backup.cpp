#include "controller/backup/reconcile_backup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "api/repository_path.hpp"
#include "api/validate.hpp"
#include "applications/discover.hpp"
#include "base/time_text.hpp"
#include "controller/accounts.hpp"
#include "controller/backup/backup_work.hpp"
#include "controller/backup/check_space.hpp"
#include "controller/backup/components.hpp"
#include "controller/backup/dropped_storages.hpp"
#include "controller/backup/live_volume.hpp"
#include "controller/backup/plan_of_session.hpp"
#include "controller/backup/stillness.hpp"
#include "controller/maintenance/repository_use.hpp"
#include "controller/policy/check_policy.hpp"
#include "controller/reconcile_session.hpp"
#include "controller/references.hpp"
#include "controller/run_hooks.hpp"
#include "controller/space/storage_meter.hpp"
#include "controller/status.hpp"

namespace dmaas::controller {

using api::BackupPhase;
using kube::Action;

namespace {

const Action again_now = Action::requeue(std::chrono::nanoseconds{0});
const Action look_again = Action::requeue(poll_period);
/// Binding a claim takes the API server's controllers moments, and nothing tells of it here.
const Action look_soon = Action::requeue(std::chrono::milliseconds{250});
/// Each has a thread and opens repositories: 500 plans that are due at midnight take turns.
constexpr std::ptrdiff_t max_resolving_at_once = 16;
/// How long a session waits for what it refers to.
constexpr std::chrono::minutes patience{10};
/// So long a storage that is not ready is waited for before the session goes on without it.
constexpr std::chrono::seconds storage_grace{30};

bool is_commit(const api::ComponentStatus& component) {
  return component.name == "resources";
}

bool has_dumps(const std::vector<api::BackupTarget>& targets) {
  return std::ranges::any_of(targets, [](const auto& target) { return !target.dumps.empty(); });
}

api::BackupConfiguration deleted_plan(const kube::ObjectKey& key, Timestamp now) {
  api::BackupConfiguration plan;
  plan.metadata.namespace_name = key.namespace_name;
  plan.metadata.name = key.name;
  plan.metadata.deletion_time = now;
  return plan;
}

bool waits_for_binding(const api::BackupSessionStatus& status) {
  return std::ranges::any_of(status.components, [](const auto& component) {
    return component.phase == api::ComponentPhase::starting && !component.pod;
  });
}

bool has_ended(const api::BackupSessionStatus& status) {
  return std::ranges::all_of(status.components, [](const auto& c) { return is_final(c.phase); });
}

}  // namespace

Result<Action> BackupReconciler::reconcile(const Json& object, std::stop_token stop) {
  return reconcile_session<Work>(
      world_, object, [&](Work& work) { return step(work, stop); }, stop);
}

Result<Action> BackupReconciler::step(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (work.is_over()) return Action::await_change();
  work.before = to_json(status);
  if (work.session.metadata.deletion_time)
    note_failure(status, "the session was deleted", world_.clock.now());
  auto action = advance(work, stop);
  if (!action && !(may_pass(action.code()) && is_patient(status))) {
    note_failure(status, action.error().message(), world_.clock.now());
    action = conclude(work, stop);
  }
  if (!action) status.message = action.error().message();
  TRY(save_status(work, stop));
  settle_results(world_, status);
  return action;
}

bool BackupReconciler::is_patient(const api::BackupSessionStatus& status) const {
  return status.phase > BackupPhase::resolving || !status.start_time ||
         world_.clock.now() - *status.start_time < patience;
}

bool BackupReconciler::is_younger_than(const Work& work, std::chrono::seconds age) const {
  auto now = world_.clock.now();
  return now - work.session.metadata.creation_time.value_or(now) < age;
}

Result<> BackupReconciler::find_plan(Work& work) const {
  const auto& spec = work.session.spec;
  kube::ObjectKey key{work.session.metadata.namespace_name, spec.plan.name};
  auto plan = find_object<api::BackupConfiguration>(world_.stores.plans, key);
  bool has_begun = !work.session.status.plan_spec.empty();
  // Somebody took its finalizer away, or its kind: what hooks did is undone all the same.
  if (plan.failed_with(ErrorCode::not_found) && has_begun)
    plan = deleted_plan(key, world_.clock.now());
  if (!plan) return fail(std::move(plan).error());
  work.plan = TRY(plan_of_session(work.session, *std::move(plan)));
  work.run = spec.run.empty() ? &work.plan.spec.runs.front() : work.plan.spec.find_run(spec.run);
  if (work.run != nullptr) return {};
  return fail(ErrorCode::invalid_input, fmt::format("the plan has no run '{}'", spec.run));
}

void BackupReconciler::note_end_of_time(Work& work) const {
  auto& status = work.session.status;
  auto now = world_.clock.now();
  // What is committed already only has to be shown.
  if (status.phase == BackupPhase::committing && has_ended(status)) return;
  if (work.plan.metadata.deletion_time)
    note_failure(status, "its plan was deleted: a deleted plan ends its backups", now);
  if (!status.start_time || now - *status.start_time <= work.run->timeout) return;
  note_failure(
      status,
      fmt::format("not done within the run's timeout of {}{}", format_duration(work.run->timeout),
                  status.message.empty() ? "" : ": " + status.message),
      now);
}

Result<Action> BackupReconciler::advance(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (auto found = find_plan(work); !found) {
    bool may_come = found.code() == ErrorCode::not_found && status.phase == BackupPhase::pending &&
                    !has_failed(status);
    if (!may_come || !is_younger_than(work, patience))
      return fail(ErrorCode::invalid_input, found.error().message());
    status.message = found.error().message();
    return look_again;
  }
  note_end_of_time(work);
  if (!has_failed(status)) status.message.clear();  // what was in the way may have passed
  // Hooks that run now are stopped, and those after are run.
  if (has_failed(status) && status.phase <= BackupPhase::hooks_before) return conclude(work, stop);
  if (status.phase >= BackupPhase::moving) keep_hold(work);
  switch (status.phase) {
    case BackupPhase::pending:
      return begin(work, stop);
    case BackupPhase::resolving:
      return resolve(work, stop);
    case BackupPhase::hooks_before:
      return run_stage_hooks(work, stop);
    case BackupPhase::moving:
      return move(work, stop);
    case BackupPhase::hooks_after:
      return run_stage_hooks(work, stop);
    case BackupPhase::committing:
      return commit(work, stop);
    default:
      return Action::await_change();
  }
}

Result<Action> BackupReconciler::begin(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  TRY(api::validate(work.plan.spec, surroundings(world_, work.plan.metadata.namespace_name)));
  TRY(check_targets(world_, work.plan));
  if (auto found = find_what_it_needs(work, stop); !found) {
    bool may_come = found.failed_with(ErrorCode::not_found) || may_pass(found.code());
    if (!may_come || !is_younger_than(work, patience)) return fail(std::move(found).error());
    status.message = found.error().message();
    return look_again;
  }
  if (auto other = take_turn(work); !other.empty()) {
    status.message = "waiting for session " + other + " of the same plan";
    return look_again;
  }
  if (count_resolving() >= max_resolving_at_once) {
    status.message = "waiting: many other sessions begin now";
    return look_again;
  }
  auto storages = TRY(written_storages_of(world_, work.plan));
  note_storages(work, storages);
  if (!status.message.empty() && is_younger_than(work, storage_grace)) return look_again;
  storages = without_dropped(status, std::move(storages));
  for (const auto& storage : storages) {
    auto place = place_of(world_, work, storage.metadata.key().text());
    status.message = maintenance_in_the_way(world_, place);
    if (!status.message.empty()) return look_again;
  }
  status.start_time = world_.clock.now();
  status.plan_spec = to_json(work.plan.spec).as_object();
  auto earlier = with_targets_of(work.plan.spec, *work.run,
                                 snapshots_of(world_, work, storages.front().metadata.key()));
  auto link = next_link(*work.run, work.session.spec.type, newest_of(earlier));
  status.type = link.type;
  status.chain_position = link.position;
  status.message.clear();
  status.phase = BackupPhase::resolving;
  world_.events.record(work.session.source,
                       {.reason = "Started", .action = "Backup", .message = "backup started"});
  return again_now;
}

Result<> BackupReconciler::find_what_it_needs(const Work& work, std::stop_token stop) const {
  // The hooks after as well: what the hooks before do to the application must not stay.
  for (const auto* hooks : {&work.run->hooks.before, &work.run->hooks.after})
    TRY(resolve_hooks(world_, *hooks, work.plan.metadata.namespace_name));
  auto storages = TRY(written_storages_of(world_, work.plan));
  TRY(check_any_ready(storages));
  return check_policy(world_, work.plan, std::move(stop));
}

/// The results begin; the message says which storages are dropped because they are not ready.
void BackupReconciler::note_storages(Work& work, const std::vector<api::BackupStorage>& storages) {
  auto& status = work.session.status;
  status.storages.clear();
  status.message.clear();
  for (const auto& storage : storages) {
    status.storages.push_back(
        {.storage = storage.metadata.key().text(),
         .repository = repository_name_of(world_, work, storage.metadata.key())});
  }
  for (const auto& storage : storages) {
    auto ready = check_ready(storage);
    if (ready) continue;
    status.message = ready.error().message();
    drop_storage(status, storage.metadata.key().text(), status.message, world_.clock.now());
  }
}

std::string BackupReconciler::take_turn(const Work& work) {
  const auto& own = work.session.metadata;
  std::lock_guard lock{mutex_};
  if (begun_.contains(own.uid)) return "";
  for (const auto& object : world_.stores.backup_sessions.in_namespace(own.namespace_name)) {
    auto other = api::decode<api::BackupSession>(*object);
    if (!other || other->metadata.uid == own.uid || is_final(other->status.phase) ||
        other->spec.plan.name != work.plan.metadata.name)
      continue;
    const auto& its = other->metadata;
    // The copy of its status may be behind.
    bool runs = other->status.phase != BackupPhase::pending || begun_.contains(its.uid);
    bool is_first = std::tie(its.creation_time, its.uid) < std::tie(own.creation_time, own.uid);
    if (runs || is_first) return its.name;
  }
  begun_.insert(own.uid);
  return "";
}

std::ptrdiff_t BackupReconciler::count_resolving() const {
  return std::ranges::count_if(world_.stores.backup_sessions.all(), [](const auto& session) {
    return text_at(*session, "status", "phase") == name_of(BackupPhase::resolving);
  });
}

Result<Action> BackupReconciler::resolve(Work& work, std::stop_token stop) {
  auto key = "resolve/" + work.session.metadata.uid;
  auto session_key = work.session.metadata.key();
  auto shared = std::make_shared<Work>(work);
  shared->run = shared->plan.spec.find_run(work.run->name);  // in its own plan
  bool needs_account = has_dumps(work.targets());
  auto done = world_.background.run(
      key,
      [this, shared, needs_account](std::stop_token stopped) -> Result<Json> {
        // Dumps act as this account, whose rights take some moments to be known.
        if (needs_account)
          TRY(bind_hook_account(world_, shared->plan.metadata.namespace_name, stopped));
        auto application = TRY(application_of(*shared, stopped));
        shared->storages =
            without_dropped(shared->session.status, TRY(written_storages_of(world_, shared->plan)));
        // Before anything is written: a repository is made where there is room only.
        for (auto& storage : shared->storages) measure_filesystem(gateway_, storage, stopped);
        auto verdicts = check_space(world_, *shared, *application);
        JsonArray space;
        for (const auto& verdict : verdicts) {
          space.push_back(to_json(verdict));
          if (verdict.verdict == SpaceVerdict::insufficient)
            std::erase_if(shared->storages, [&](const auto& storage) {
              return storage.metadata.key().text() == verdict.storage;
            });
        }
        auto unopened = TRY(open_repositories(*shared, stopped));
        return Json(JsonObject{{"unopened", std::move(unopened)}, {"space", std::move(space)}});
      },
      [this, session_key] { wake_(session_key); });
  if (!done) {
    if (auto trouble = trouble_of(work); !trouble.empty()) work.session.status.message = trouble;
    return look_again;
  }
  auto found = TRY(*done);
  auto application = TRY(application_of(work, stop));
  auto& status = work.session.status;
  auto now = world_.clock.now();
  std::vector<StorageVerdict> verdicts;
  for (const auto& verdict : items_at(found, "space"))
    verdicts.push_back(TRY(from_json<StorageVerdict>(verdict)));
  note_space(status, verdicts, now);
  for (const auto& [storage, error] : find(found, "unopened")->get_object()) {
    auto message = text_at(error, "message");
    drop_storage(status, storage, message, now);
    if (flag_at(error, "full")) note_full(status, storage, message, now);
  }
  auto planned =
      plan_components(work.plan, work.targets(), *application,
                      without_dropped(status, TRY(written_storages_of(world_, work.plan))));
  if (!planned.obstacle.empty()) return fail(ErrorCode::invalid_input, planned.obstacle);
  status.components = std::move(planned.components);
  status.warnings = std::move(planned.warnings);
  if (status.warnings.size() > 50) status.warnings.resize(50);
  status.object_count = static_cast<std::int32_t>(application->members.size());
  TRY(note_stillness(work, *application));
  for (auto& component : status.components) {
    component.parent_id =
        parent_of(component.name,
                  snapshots_of(world_, work, place_of(world_, work, component.storage).storage));
  }
  status.phase = BackupPhase::hooks_before;
  return again_now;
}

Result<> BackupReconciler::open_repository(const Work& work, const api::BackupStorage& storage,
                                           std::stop_token stop) {
  auto own = own_repository_of(world_, work, storage);
  auto opened = TRY(open_own_repository(world_, own, stop));
  TRY(ensure_repository_object(world_, own, *opened->repository, stop));
  return world_.vault.hold(own.place, work.session.metadata.uid, stop);
}

/// The storages that could not be opened, each with its reason. Errors: that of the first one, when
/// none could.
Result<Json> BackupReconciler::open_repositories(const Work& work, std::stop_token stop) {
  JsonObject unopened;
  std::optional<Error> first;
  for (const auto& storage : work.storages) {
    auto opened = open_repository(work, storage, stop);
    if (opened) continue;
    if (opened.failed_with(ErrorCode::cancelled)) return fail(std::move(opened).error());
    unopened[storage.metadata.key().text()] = JsonObject{
        {"message", opened.error().message()}, {"full", opened.failed_with(ErrorCode::exhausted)}};
    if (!first) first = std::move(opened).error();
  }
  if (first && unopened.size() == work.storages.size()) return fail(*std::move(first));
  return unopened;
}

Result<std::shared_ptr<const applications::Application>> BackupReconciler::application_of(
    Work& work, std::stop_token stop) {
  {
    std::lock_guard lock{mutex_};
    if (auto known = applications_.find(work.session.metadata.uid); known != applications_.end())
      return known->second;
  }
  auto view = TRY(applications::ClientView::open(world_.client, stop));
  bool is_admins = work.plan.metadata.namespace_name == world_.settings.namespace_name;
  auto reach = is_admins ? applications::Reach::cluster : applications::Reach::namespaces;
  auto found =
      TRY(applications::discover(view, discovery_targets(work.plan, work.targets(), reach), stop));
  auto shared = std::make_shared<const applications::Application>(std::move(found));
  std::lock_guard lock{mutex_};
  return applications_[work.session.metadata.uid] = shared;
}

Result<> BackupReconciler::note_stillness(Work& work,
                                          const applications::Application& application) const {
  auto& status = work.session.status;
  auto hooks =
      TRY(resolve_hooks(world_, work.run->hooks.before, work.plan.metadata.namespace_name));
  auto stillness = judge_stillness(work.targets(), application, hooks);
  auto moving = describe_moving(stillness);
  note_point_in_time(status, moving, world_.clock.now());
  if (moving.empty()) return {};
  if (work.plan.spec.group_consistency == api::GroupConsistency::required)
    return fail(ErrorCode::invalid_input, moving);
  if (stillness.is_group && status.warnings.size() < 50) status.warnings.push_back(moving);
  return {};
}

Result<> BackupReconciler::settle_stillness(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (has_failed(status) || !api::is_true(status.conditions, api::condition::point_in_time))
    return {};
  auto hooks =
      TRY(resolve_hooks(world_, work.run->hooks.before, work.plan.metadata.namespace_name));
  auto moving = find_moving_pod(*TRY(application_of(work, std::move(stop))), hooks, status.hooks);
  note_point_in_time(status, moving, world_.clock.now());
  bool is_required = work.plan.spec.group_consistency == api::GroupConsistency::required;
  if (!moving.empty() && is_required)
    note_failure(status, "not of one point in time: " + moving, world_.clock.now());
  return {};
}

Result<Action> BackupReconciler::run_stage_hooks(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  bool is_before = status.phase == BackupPhase::hooks_before;
  std::string stage = is_before ? "before" : "after";
  auto next = [&]() -> Result<Action> {
    if (is_before) TRY(settle_stillness(work, stop));
    bool may_go_on = !has_failed(status);
    if (is_before) {
      status.phase = may_go_on ? BackupPhase::moving : BackupPhase::hooks_after;
    } else {
      status.phase = BackupPhase::committing;
    }
    return again_now;
  };
  const auto& hooks = is_before ? work.run->hooks.before : work.run->hooks.after;
  bool undoes = !is_before && owes_undo(status.hooks);
  if ((hooks.empty() || ran_hooks(status.hooks, stage)) && !undoes) return next();
  if (is_before && !api::is_true(status.conditions, hooks_began)) {
    // Written down first: should this process end now, the hooks after are still owed.
    api::set_condition(status.conditions,
                       {.type = std::string(hooks_began),
                        .status = api::ConditionStatus::yes,
                        .reason = "HooksBefore"},
                       world_.clock.now());
    return again_now;
  }
  auto resolved = TRY(resolve_hooks(world_, hooks, work.plan.metadata.namespace_name));
  TRY(bind_hook_account(world_, work.plan.metadata.namespace_name, stop));
  HookOccasion occasion{work.session.metadata.uid,
                        stage,
                        work.plan.metadata.namespace_name,
                        impersonated(hook_account(world_, work.plan.metadata.namespace_name)),
                        work.targets(),
                        status.hooks};
  auto session_key = work.session.metadata.key();
  auto done = world_.background.run(
      "hooks-" + stage + "/" + work.session.metadata.uid,
      [this, resolved, occasion, undoes](std::stop_token stopped) -> Result<Json> {
        std::vector<api::HookResult> undone;
        if (undoes) undone = undo_hooks(world_, occasion.session_uid, occasion.earlier, stopped);
        auto outcome = run_hooks(world_, resolved, occasion, stopped);
        outcome.results.insert(outcome.results.begin(), undone.begin(), undone.end());
        return encode_outcome(outcome);
      },
      [this, session_key] { wake_(session_key); });
  if (!done) return look_again;
  auto outcome = decode_outcome(TRY(*done));
  for (auto& result : outcome.results) status.hooks.push_back(std::move(result));
  if (!outcome.abort_message.empty())
    note_failure(status, outcome.abort_message, world_.clock.now());
  return next();
}

Result<Action> BackupReconciler::move(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  bool is_reading = std::ranges::any_of(status.components, [](const auto& component) {
    return !is_commit(component) && !is_final(component.phase);
  });
  if (is_reading &&
      world_.quiescence.count_held(work.session.metadata.uid) < count_quiesced(status.hooks)) {
    note_failure(
        status,
        "not consistent: the application was let go before all its data was read, because "
        "maxQuiesce was over or the controller was restarted; back up again, with a larger "
        "maxQuiesce if that was the cause",
        world_.clock.now());
  }
  bool all_ended = true;
  std::map<std::string, int> running;
  for (auto& component : status.components) {
    if (is_commit(component)) continue;
    if (is_final(component.phase) && component.pod) TRY(end_mover(world_, work, component, stop));
    if (!is_final(component.phase) && has_failed(status)) {
      TRY(abandon(world_, work, component, "stopped: " + status.message, stop));
    }
    if (!is_final(component.phase)) TRY(give_up_where_storage_fails(work, component, stop));
    auto storage = find_storage_by_text(world_, component.storage);
    bool may_start = component.phase != api::ComponentPhase::pending ||
                     (storage && running[component.storage] < storage->spec.max_concurrent_movers);
    if (!is_final(component.phase) && may_start) TRY(step_component(work, component, stop));
    running[component.storage] +=
        !is_final(component.phase) && component.phase != api::ComponentPhase::pending;
    all_ended = all_ended && is_final(component.phase);
  }
  status.progress = describe_progress(status.components);
  if (!has_failed(status)) status.message = trouble_of(work);
  if (!all_ended) return waits_for_binding(status) ? look_soon : look_again;
  drop_failed_storages(status, world_.clock.now());
  status.phase = BackupPhase::hooks_after;
  return again_now;
}

/// A component ends with a storage that is gone, or that does not answer while another one has all.
Result<> BackupReconciler::give_up_where_storage_fails(Work& work, api::ComponentStatus& component,
                                                       std::stop_token stop) {
  auto storage = find_storage_by_text(world_, component.storage);
  if (!storage) return abandon(world_, work, component, storage.error().message(), stop);
  auto ready = check_ready(*storage);
  if (ready || !is_done_on_another(work.session.status, component.storage)) return {};
  const auto* condition = api::find_condition(storage->status.conditions, api::condition::ready);
  bool is_long_ago = condition != nullptr && condition->last_transition_time &&
                     world_.clock.now() - *condition->last_transition_time > storage_grace;
  return is_long_ago ? abandon(world_, work, component, ready.error().message(), stop) : Result<>();
}

std::string BackupReconciler::trouble_of(const Work& work) const {
  auto storages = written_storages_of(world_, work.plan);
  for (const auto& storage :
       without_dropped(work.session.status, storages.value_or(std::vector<api::BackupStorage>()))) {
    if (auto ready = check_ready(storage); !ready) return ready.error().message();
  }
  return describe_trouble(work.session.status.components);
}

Result<Action> BackupReconciler::commit(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (has_failed(status)) return conclude(work, stop);
  // The results are written down before anything is done with them: a controller that starts anew
  // must not commit twice.
  if (has_ended(status)) return conclude(work, stop);
  for (auto& component : status.components) {
    if (!is_commit(component) || is_final(component.phase)) continue;
    if (is_dropped(status, component.storage)) {
      TRY(abandon(world_, work, component, "not started: its storage was dropped", stop));
      continue;
    }
    TRY(give_up_where_storage_fails(work, component, stop));
    if (!is_final(component.phase)) TRY(step_component(work, component, stop));
  }
  drop_failed_storages(status, world_.clock.now());
  status.progress = describe_progress(status.components);
  if (!has_failed(status)) status.message = trouble_of(work);
  return has_ended(status) ? again_now : look_again;
}

Result<> BackupReconciler::step_component(Work& work, api::ComponentStatus& component,
                                          std::stop_token stop) {
  auto wish = wish_for(world_, work, component, stop);
  if (!wish && is_retryable(wish.code())) return fail(std::move(wish).error());
  if (!wish) return abandon(world_, work, component, wish.error().message(), stop);
  MoverFacts facts{component.pod, component.attempts, component.message};
  auto view = step_mover(world_, *wish, facts, stop);
  component.pod = facts.pod;
  component.attempts = facts.attempts;
  if (!view) {
    if (is_retryable(view.code())) return fail(std::move(view).error());
    return abandon(world_, work, component, view.error().message(), stop);
  }
  if (!component.start_time) component.start_time = world_.clock.now();
  if (!view->node.empty()) component.node = view->node;
  component.message = view->message;
  if (view->progress) {
    component.bytes_total = view->progress->bytes_total;
    component.bytes_done = view->progress->bytes_done;
    component.bytes_added = view->progress->bytes_added;
    component.files_done = view->progress->files_done;
  }
  if (view->state == MoverState::given_up)
    return abandon(world_, work, component, view->message, stop);
  component.phase = view->state == MoverState::working ? api::ComponentPhase::moving
                                                       : api::ComponentPhase::starting;
  bool has_failed_itself = view->result && view->result->outcome != api::MoverOutcome::succeeded;
  auto trouble =
      has_failed_itself ? std::string() : TRY(trouble_of_source(world_, work, component, stop));
  if (!trouble.empty()) return abandon(world_, work, component, trouble, stop);
  if (view->result)
    end_component(work.session.status, component, *view->result, world_.clock.now());
  return {};
}

std::optional<api::OrderSession> BackupReconciler::session_of(const std::string& pod_uid) const {
  for (const auto& object : world_.stores.backup_sessions.all()) {
    auto session = api::decode<api::BackupSession>(*object);
    if (!session || is_final(session->status.phase) || session->metadata.deletion_time) continue;
    bool is_its_mover = std::ranges::any_of(session->status.components, [&](const auto& component) {
      return component.pod && component.pod->uid == pod_uid;
    });
    if (is_its_mover) return identity_of(*session);
  }
  return std::nullopt;
}

Result<std::optional<api::WorkOrder>> BackupReconciler::order_for(const std::string& pod_uid,
                                                                  std::stop_token stop) {
  for (const auto& object : world_.stores.backup_sessions.all()) {
    Work work;
    auto session = api::decode<api::BackupSession>(*object);
    if (!session || is_final(session->status.phase) || session->metadata.deletion_time) continue;
    auto component = std::ranges::find_if(session->status.components, [&](const auto& candidate) {
      return !is_final(candidate.phase) && candidate.pod && candidate.pod->uid == pod_uid;
    });
    if (component == session->status.components.end()) continue;
    auto wanted = *component;
    work.session = std::move(*session);
    TRY(find_plan(work));
    return TRY(backup_order(world_, work, wanted, std::move(stop)));
  }
  return std::nullopt;
}

Result<> BackupReconciler::save_status(Work& work, std::stop_token stop) {
  auto after = to_json(work.session.status);
  if (after == work.before) return {};
  return write_status(world_, work.session, stop);
}

}  // namespace dmaas::controller
