#include "controller/plan/reconcile_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "api/validate.hpp"
#include "api/verification_session.hpp"
#include "applications/discover.hpp"
#include "base/time_text.hpp"
#include "controller/anomaly/held_retention.hpp"
#include "controller/backup/check_space.hpp"
#include "controller/backup/components.hpp"
#include "controller/backup/stillness.hpp"
#include "controller/copying/catch_up.hpp"
#include "controller/plan/decide_run.hpp"
#include "controller/plan/discovered_parts.hpp"
#include "controller/plan/objectives.hpp"
#include "controller/policy/check_policy.hpp"
#include "controller/policy/protection.hpp"
#include "controller/references.hpp"
#include "controller/staging/staged_backup.hpp"
#include "controller/status.hpp"
#include "kube/object/object.hpp"
#include "kube/runtime/finalizer.hpp"

namespace dmaas::controller {
namespace {

constexpr std::chrono::minutes longest_pause{10};
constexpr std::chrono::minutes look_again_period{1};
/// While a plan has just come to wait for something, which mostly is on its way.
constexpr std::chrono::seconds look_soon_period{2};
constexpr std::size_t max_volumes_shown = 200;

std::vector<api::BackupSession> sessions_of(const World& world,
                                            const api::BackupConfiguration& plan) {
  std::vector<api::BackupSession> sessions;
  for (const auto& object :
       world.stores.backup_sessions.in_namespace(plan.metadata.namespace_name)) {
    auto session = api::decode<api::BackupSession>(*object);
    if (session && session->spec.plan.name == plan.metadata.name)
      sessions.push_back(std::move(*session));
  }
  std::ranges::sort(sessions, std::ranges::greater{},
                    [](const auto& s) { return s.metadata.creation_time; });
  return sessions;
}

bool has_run(const api::BackupConfigurationStatus& status, const std::string& run) {
  return std::ranges::find(status.runs, run, &api::RunStatus::name) != status.runs.end();
}

/// What is known of a run; of one that the plan has got just now, since when.
api::RunStatus& status_of(api::BackupConfigurationStatus& status, const std::string& run,
                          Timestamp since) {
  auto found = std::ranges::find(status.runs, run, &api::RunStatus::name);
  if (found != status.runs.end()) return *found;
  return status.runs.emplace_back(
      api::RunStatus{.name = run, .since = std::chrono::floor<std::chrono::seconds>(since)});
}

RunPast past_of(const api::BackupConfiguration& plan, const api::RunStatus& status) {
  RunPast past{.plan_uid = plan.metadata.uid,
               .since = status.since.value_or(plan.metadata.creation_time.value_or(Timestamp{})),
               .last = status.last_scheduled_time,
               .last_started = status.last_scheduled_time,
               .last_attempt = status.last_attempt};
  if (status.last_skipped && (!past.last || status.last_skipped->time > *past.last))
    past.last = status.last_skipped->time;
  return past;
}

/// Condition StoragesReady: backups go on without one that is not.
void note_storages(api::Conditions& conditions, const std::vector<api::BackupStorage>& storages,
                   Timestamp now) {
  std::string trouble;
  for (const auto& storage : storages) {
    if (auto ready = check_ready(storage); !ready)
      trouble += (trouble.empty() ? "" : "; ") + ready.error().message();
  }
  bool is_fine = trouble.empty();
  api::set_condition(
      conditions,
      {.type = std::string(api::condition::storages_ready),
       .status = is_fine ? api::ConditionStatus::yes : api::ConditionStatus::no,
       .reason = std::string(is_fine ? api::reason::succeeded : api::reason::unreachable),
       .message = is_fine ? "every storage can be written" : trouble},
      now);
}

/// Condition RestoreNeedsSecrets; absent when backups hold all that a restore needs.
void note_needed_secrets(api::Conditions& conditions, const applications::Application& application,
                         Timestamp now) {
  const auto& needed = application.needed_secrets;
  if (needed.empty())
    return api::remove_condition(conditions, api::condition::restore_needs_secrets);
  api::set_condition(
      conditions,
      {.type = std::string(api::condition::restore_needs_secrets),
       .status = api::ConditionStatus::yes,
       .reason = "Excluded",
       .message = fmt::format("backups leave out {} Secrets that the application needs: a restore "
                              "needs them at its destination; the first is {}",
                              needed.size(), needed.front().key.text())},
      now);
}

/// What is read of some targets.
applications::Application only_of(const applications::Application& application,
                                  const std::vector<api::BackupTarget>& targets) {
  applications::Application part;
  std::ranges::copy_if(application.claims, std::back_inserter(part.claims), [&](const auto& claim) {
    return std::ranges::count(targets, claim.target, &api::BackupTarget::name) > 0;
  });
  return part;
}

/// The newest verification of the plan's backups that succeeded; those that are deleted are not
/// forgotten.
void take_verifications(const World& world, api::BackupConfiguration& plan) {
  auto& last = plan.status.last_verification;
  for (const auto& object : world.stores.verification_sessions.all()) {
    auto session = api::decode<api::VerificationSession>(*object);
    if (!session || session->status.plan != plan.metadata.key().text()) continue;
    const auto& from = session->metadata.namespace_name;
    bool may_tell = from == plan.metadata.namespace_name || from == world.settings.namespace_name;
    if (!may_tell) continue;
    const auto& status = session->status;
    bool counts = status.phase == api::VerificationPhase::succeeded && status.completion_time;
    if (!counts || (last && last->time && *last->time >= *status.completion_time)) continue;
    last = {session->metadata.key().text(), status.completion_time, status.time_to_recover};
  }
}

/// The longer a plan waits for what it needs, the more rarely it is looked at.
std::chrono::nanoseconds patience_of(const api::BackupConfigurationStatus& status, Timestamp now) {
  const auto* ready = api::find_condition(status.conditions, api::condition::ready);
  auto waited = ready != nullptr && ready->last_transition_time ? now - *ready->last_transition_time
                                                                : std::chrono::nanoseconds{0};
  return std::clamp<std::chrono::nanoseconds>(waited / 4, look_soon_period, look_again_period);
}

}  // namespace

Result<kube::Action> PlanReconciler::reconcile(const Json& object, std::stop_token stop) {
  auto decoded = api::decode<api::BackupConfiguration>(object);
  if (!decoded) return fail(std::move(decoded).error());
  kube::FinalizerSteps steps;
  steps.finalizer = api::finalizer;
  steps.reconcile = [&] { return look_after(std::move(*decoded), stop); };
  // A session that still runs needs its plan to bring the application out of what hooks did to it.
  steps.clean_up = [&]() -> Result<kube::Action> {
    bool any_runs = std::ranges::any_of(sessions_of(world_, *decoded), [](const auto& session) {
      return !is_final(session.status.phase);
    });
    if (any_runs) return kube::Action::requeue(poll_period);
    TRY(hide_protection(world_, *decoded, stop));
    forget(decoded->metadata.uid);
    return kube::Action::await_change();
  };
  return kube::with_finalizer(world_.client, api::kind_info<api::BackupConfiguration>().resource(),
                              object, steps, stop);
}

Result<kube::Action> PlanReconciler::look_after(api::BackupConfiguration plan,
                                                std::stop_token stop) {
  // The local copy may not have what was written a moment ago.
  if (is_discovery_due(plan)) {
    auto newest = TRY(load_newest<api::BackupConfiguration>(world_, plan.source, stop));
    if (!newest) return kube::Action::await_change();
    plan = std::move(*newest);
  }
  auto before = to_json(plan.status);
  auto shown_before = protection_of(plan);
  std::optional<std::chrono::nanoseconds> delay = look_again_period;
  auto looked = look_at(plan, stop);
  plan.status.observed_generation = plan.metadata.generation;
  auto allowed = looked ? check_policy(world_, plan, stop) : Result<>();
  auto now = world_.clock.now();
  if (looked && allowed) {
    TRY(run_trigger(plan, stop));
    auto until_next = TRY(run_schedules(plan, stop));
    if (until_next) delay = std::min(*until_next, std::chrono::nanoseconds{longest_pause});
    bool paused = plan.spec.paused;
    set_ready(
        plan.status.conditions,
        {.reason = paused ? std::string(api::reason::paused) : "Protecting",
         .message = paused ? "no session starts while spec.paused is true" : "the plan can run",
         .ready = !paused},
        now);
  } else if (const auto& error = (looked ? allowed : looked).error();
             error.code() != ErrorCode::cancelled) {
    bool is_violation = looked && error.code() == ErrorCode::permission_denied;
    auto reason = is_violation ? api::reason::policy_violated : reason_not_ready(error.code());
    set_ready(plan.status.conditions,
              {.reason = std::string(reason), .message = error.message(), .ready = false}, now);
    delay = patience_of(plan.status, now);
  }
  TRY(summarise_sessions(plan, stop));
  TRY(catch_up(world_, plan, sessions_of(world_, plan), stop));
  note_unusual(plan.status.conditions, plan, unaccepted_backups(world_, plan), now);
  note_staging(world_, plan);
  if (auto next = judge(plan)) delay = std::min(*delay, *next - now);
  auto shown = keep_shown(plan, shown_before, stop);
  if (to_json(plan.status) != before) TRY(write_status(world_, plan, stop));
  TRY(shown);
  return kube::Action::requeue(*delay);
}

bool PlanReconciler::is_discovery_due(const api::BackupConfiguration& plan) {
  const auto& status = plan.status;
  bool is_known = status.resolved && status.resolved->time &&
                  api::is_true(status.conditions, api::condition::ready);
  if (!is_known) return true;
  auto age = world_.clock.now() - *status.resolved->time;
  if (age >= discovery_period_of(plan.metadata.uid)) return true;
  if (status.observed_generation == plan.metadata.generation) return false;
  std::lock_guard lock{mutex_};
  auto known = discovered_.find(plan.metadata.uid);
  return known == discovered_.end() || known->second != discovered_parts(plan.spec);
}

void PlanReconciler::note_discovery(const api::BackupConfiguration& plan) {
  std::lock_guard lock{mutex_};
  discovered_[plan.metadata.uid] = discovered_parts(plan.spec);
}

void PlanReconciler::forget(const std::string& plan_uid) {
  std::lock_guard lock{mutex_};
  shown_.erase(plan_uid);
  discovered_.erase(plan_uid);
}

/// Whether the targets still say so is looked up only now and then.
Result<> PlanReconciler::keep_shown(api::BackupConfiguration& plan, const Protection& before,
                                    std::stop_token stop) {
  auto now = world_.clock.now();
  {
    std::lock_guard lock{mutex_};
    auto last = shown_.find(plan.metadata.uid);
    bool is_recent =
        last != shown_.end() && now >= last->second && now - last->second < look_again_period;
    bool is_same = protection_of(plan) == before && named_targets(plan) == plan.status.shown_on;
    if (is_recent && is_same) return {};
  }
  TRY(show_protection(world_, plan, stop));
  std::lock_guard lock{mutex_};
  shown_[plan.metadata.uid] = now;
  return {};
}

Result<> PlanReconciler::look_at(api::BackupConfiguration& plan, std::stop_token stop) {
  TRY(api::validate(plan.spec, surroundings(world_, plan.metadata.namespace_name)));
  TRY(check_targets(world_, plan));
  for (const auto& run : plan.spec.runs) {
    TRY(resolve_hooks(world_, run.hooks.before, plan.metadata.namespace_name));
    TRY(resolve_hooks(world_, run.hooks.after, plan.metadata.namespace_name));
  }
  auto storages = TRY(all_storages_of(world_, plan));
  note_storages(plan.status.conditions, storages, world_.clock.now());
  note_room(plan, storages);
  auto written = TRY(written_storages_of(world_, plan));
  TRY(check_any_ready(written));
  return find_what_belongs(plan, std::move(stop));
}

void PlanReconciler::note_room(api::BackupConfiguration& plan,
                               const std::vector<api::BackupStorage>& storages) {
  auto now = world_.clock.now();
  auto sessions = sessions_of(world_, plan);
  auto ended = std::ranges::find_if(
      sessions, [](const auto& session) { return is_final(session.status.phase); });
  auto condition =
      judge_plan_space(world_, plan, storages, ended == sessions.end() ? nullptr : &*ended);
  bool was_short = false;
  if (const auto* before =
          api::find_condition(plan.status.conditions, api::condition::space_sufficient))
    was_short = before->status == api::ConditionStatus::no;
  if (condition.status == api::ConditionStatus::no && !was_short) {
    world_.events.record(plan.source, {.severity = kube::EventSeverity::warning,
                                       .reason = condition.reason,
                                       .action = "Judge",
                                       .message = condition.message});
  }
  api::set_condition(plan.status.conditions, std::move(condition), now);
}

Result<> PlanReconciler::find_what_belongs(api::BackupConfiguration& plan, std::stop_token stop) {
  auto now = world_.clock.now();
  if (!is_discovery_due(plan)) return {};
  auto view = TRY(applications::ClientView::open(world_.client, stop));
  bool is_admins = plan.metadata.namespace_name == world_.settings.namespace_name;
  auto reach = is_admins ? applications::Reach::cluster : applications::Reach::namespaces;
  auto application =
      TRY(applications::discover(view, discovery_targets(plan, plan.spec.targets, reach), stop));
  auto planned = plan_components(plan, plan.spec.targets, application, {});
  api::ResolvedTargets resolved{.time = now};
  for (const auto& member : application.members) ++resolved.objects[member.id.kind];
  resolved.volumes = std::move(planned.volumes);
  if (resolved.volumes.size() > max_volumes_shown) resolved.volumes.resize(max_volumes_shown);
  plan.status.resolved = std::move(resolved);
  note_discovery(plan);
  note_needed_secrets(plan.status.conditions, application, now);
  auto moving = TRY(note_stillness(plan, application));
  if (planned.is_heard) return fail(ErrorCode::unsupported, planned.obstacle);
  if (!planned.obstacle.empty()) return fail(ErrorCode::not_found, planned.obstacle);
  bool is_required = plan.spec.group_consistency == api::GroupConsistency::required;
  if (is_required && !moving.empty()) return fail(ErrorCode::invalid_input, moving);
  return {};
}

Result<std::string> PlanReconciler::note_stillness(
    api::BackupConfiguration& plan, const applications::Application& application) const {
  std::string moving;
  bool is_asked = plan.spec.group_consistency == api::GroupConsistency::required;
  for (const auto& run : plan.spec.runs) {
    auto hooks = TRY(resolve_hooks(world_, run.hooks.before, plan.metadata.namespace_name));
    auto of_run = only_of(application, api::targets_of(plan.spec, run));
    auto stillness = judge_stillness(api::targets_of(plan.spec, run), of_run, hooks);
    is_asked = is_asked || stillness.is_group;
    if (stillness.moving.empty()) continue;
    moving += fmt::format("{}run {}: {}", moving.empty() ? "" : "; ", run.name,
                          describe_moving(stillness));
  }
  auto& conditions = plan.status.conditions;
  if (!is_asked) {
    api::remove_condition(conditions, api::condition::point_in_time);
    return std::string();
  }
  bool is_still = moving.empty();
  api::set_condition(
      conditions,
      {.type = std::string(api::condition::point_in_time),
       .status = is_still ? api::ConditionStatus::yes : api::ConditionStatus::no,
       .reason = is_still ? "Held" : "Moving",
       .message = is_still ? "hooks hold still what is written while it is read" : moving},
      world_.clock.now());
  return moving;
}

Result<std::optional<std::chrono::nanoseconds>> PlanReconciler::run_schedules(
    api::BackupConfiguration& plan, std::stop_token stop) {
  auto now = world_.clock.now();
  plan.status.next_run_time.reset();
  std::erase_if(plan.status.runs,
                [&](const auto& run) { return plan.spec.find_run(run.name) == nullptr; });
  bool is_new_plan = plan.status.runs.empty();
  auto since = is_new_plan ? plan.metadata.creation_time.value_or(now) : now;
  auto sessions = sessions_of(world_, plan);
  for (const auto& run : plan.spec.runs) {
    bool is_added = !is_new_plan && !has_run(plan.status, run.name);
    auto& status = status_of(plan.status, run.name, since);
    status.next_time.reset();
    if (plan.spec.paused) continue;
    // Since when it is there names its first session: that is written down before.
    status.next_time = is_added ? now
                                : TRY(run_schedule(plan, run, status, sessions, stop)
                                          .context("spec.runs[" + run.name + "].schedule"));
    auto& soonest = plan.status.next_run_time;
    if (status.next_time && (!soonest || *status.next_time < *soonest)) soonest = status.next_time;
  }
  if (!plan.status.next_run_time) return std::nullopt;
  return *plan.status.next_run_time - now;
}

Result<std::optional<Timestamp>> PlanReconciler::run_schedule(
    const api::BackupConfiguration& plan, const api::BackupRun& run, api::RunStatus& status,
    std::vector<api::BackupSession>& sessions, std::stop_token stop) {
  auto decision = TRY(decide_run(run, past_of(plan, status), sessions, world_.clock.now()));
  if (decision.went_back_to) {
    status.last_scheduled_time = decision.went_back_to;
    status.last_skipped.reset();
  }
  if (decision.skipped) {
    world_.events.record(plan.source, {.severity = kube::EventSeverity::warning,
                                       .reason = decision.skipped->reason,
                                       .action = "Schedule",
                                       .message = "run " + run.name + " of " +
                                                  format_seconds(decision.skipped->time) + ": " +
                                                  decision.skipped->message});
    status.last_skipped = std::move(decision.skipped);
  }
  if (!decision.session) return decision.next;
  const auto& wish = *decision.session;
  api::BackupSession session;
  session.spec = {.plan = {plan.metadata.name},
                  .run = run.name,
                  .scheduled_time = wish.time,
                  .retry_of = wish.retry_of,
                  .attempt = wish.attempt};
  const auto& [name, uid] = std::tie(plan.metadata.name, plan.metadata.uid);
  session.metadata.name = wish.attempt == 0
                              ? api::session_name(name, uid, run.name, wish.time)
                              : api::retry_name(name, uid, run.name, wish.time, wish.attempt);
  TRY(start_session(plan, session.metadata.name, session.spec, std::move(stop)));
  status.last_scheduled_time = wish.time;
  status.last_attempt = wish.attempt;
  // The plan's other runs have to see it before the local copies do.
  sessions.insert(sessions.begin(), std::move(session));
  return decision.next;
}

Result<> PlanReconciler::run_trigger(api::BackupConfiguration& plan, std::stop_token stop) {
  if (!plan.spec.trigger || plan.spec.paused ||
      plan.spec.trigger->value == plan.status.last_trigger)
    return {};
  const auto& name = plan.spec.trigger->run;
  const auto* run = name.empty() ? &plan.spec.runs.front() : plan.spec.find_run(name);
  if (run == nullptr)
    return fail(ErrorCode::invalid_input, "spec.trigger.run: the plan has no run " + name);
  // Named after the edit, so that a process that ends before it has written the value down starts
  // no second one.
  Timestamp edit{std::chrono::seconds{plan.metadata.generation}};
  auto session = api::session_name(plan.metadata.name, plan.metadata.uid, run->name, edit);
  TRY(start_session(plan, session, {.plan = {plan.metadata.name}, .run = run->name},
                    std::move(stop)));
  plan.status.last_trigger = plan.spec.trigger->value;
  return {};
}

Result<> PlanReconciler::start_session(const api::BackupConfiguration& plan,
                                       const std::string& name, const api::BackupSessionSpec& spec,
                                       std::stop_token stop) {
  api::BackupSession session;
  session.metadata.namespace_name = plan.metadata.namespace_name;
  session.metadata.name = name;
  session.metadata.labels = {
      {std::string(api::label::plan), kube::to_label_value(plan.metadata.name)},
      {std::string(api::label::run), spec.run}};
  session.metadata.owner_references = {api::owner_reference_to(plan)};
  session.spec = spec;
  return kube::ensure_created(world_.client, api::kind_info<api::BackupSession>().resource(),
                              api::encode(session), std::move(stop));
}

std::optional<Timestamp> PlanReconciler::judge(api::BackupConfiguration& plan) {
  auto& status = plan.status;
  take_verifications(world_, plan);
  const auto& objectives = plan.spec.objectives;
  if (objectives == api::PlanObjectives{}) {
    api::remove_condition(status.conditions, api::condition::objectives_met);
    return std::nullopt;
  }
  auto now = world_.clock.now();
  Achievement achievement{.creation = plan.metadata.creation_time.value_or(now),
                          .last_success = status.last_success_time};
  if (status.last_verification)
    achievement.time_to_recover = status.last_verification->time_to_recover;
  auto judged = judge_objectives(objectives, achievement, now);
  const auto* earlier = api::find_condition(status.conditions, api::condition::objectives_met);
  bool is_news = judged.status == api::ConditionStatus::no &&
                 (earlier == nullptr || earlier->status != judged.status);
  if (is_news) {
    world_.events.record(plan.source, {.severity = kube::EventSeverity::warning,
                                       .reason = "ObjectivesBreached",
                                       .action = "Judge",
                                       .message = judged.message});
  }
  api::set_condition(status.conditions, std::move(judged), now);
  return next_judgement(objectives, achievement, now);
}

Result<> PlanReconciler::summarise_sessions(api::BackupConfiguration& plan, std::stop_token stop) {
  auto sessions = sessions_of(world_, plan);
  if (!sessions.empty()) {
    plan.status.last_session = sessions.front().metadata.name;
    auto phase = static_cast<std::size_t>(sessions.front().status.phase);
    plan.status.last_session_phase = names_of(api::BackupPhase{})[phase];
  }
  auto& last_success = plan.status.last_success_time;
  last_success = newest_success(last_success, sessions, world_.clock.now());
  int kept = 0;
  for (const auto& session : sessions) {
    if (!is_final(session.status.phase) || ++kept <= plan.spec.history_limit) continue;
    TRY(kube::ensure_removed(world_.client, api::kind_info<api::BackupSession>().resource(),
                             session.metadata.key(), {.uid = session.metadata.uid}, stop));
  }
  return {};
}

}  // namespace dmaas::controller
