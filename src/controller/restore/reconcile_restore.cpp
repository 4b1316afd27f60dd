#include "controller/restore/reconcile_restore.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/validate.hpp"
#include "base/log.hpp"
#include "base/time_text.hpp"
#include "controller/accounts.hpp"
#include "controller/belongings.hpp"
#include "controller/maintenance/repository_use.hpp"
#include "controller/reconcile_session.hpp"
#include "controller/references.hpp"
#include "controller/repository/stored_backups.hpp"
#include "controller/restore/existing_claim.hpp"
#include "controller/restore/fill_volume.hpp"
#include "controller/restore/hold_application.hpp"
#include "controller/restore/play_dump.hpp"
#include "controller/restore/quiesce_workloads.hpp"
#include "controller/restore/restore_plan_store.hpp"
#include "controller/restore/restore_status.hpp"
#include "controller/run_hooks.hpp"
#include "controller/status.hpp"

namespace dmaas::controller {

using api::RestoreStage;
using api::VolumePhase;
using kube::Action;

namespace {

const Action again_now = Action::requeue(std::chrono::nanoseconds{0});
const Action look_again = Action::requeue(poll_period);
constexpr std::chrono::milliseconds rebind_period{500};
constexpr std::chrono::minutes patience{10};

/// What the pod that applies objects does now.
api::ResourceStep step_of(const api::RestoreSessionStatus& status) {
  if (status.stage == RestoreStage::restoring_backups) return api::ResourceStep::configuration;
  if (status.stage != RestoreStage::activating_applications) return api::ResourceStep::preflight;
  return api::is_true(status.conditions, workloads_applied) ? api::ResourceStep::readiness
                                                            : api::ResourceStep::workloads;
}

std::string step_component(const api::RestoreSessionStatus& status) {
  auto name = names_of(api::ResourceStep{})[static_cast<std::size_t>(step_of(status))];
  return fmt::format("resources/{}", name);
}

Result<> note_readiness(api::RestoreSessionStatus& status, const api::RestoreReport& report,
                        Timestamp now) {
  if (!report.not_ready.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("restored, but {} workloads are not ready, the first is {}",
                            report.not_ready.size(), report.not_ready.front()));
  }
  take_report(status, workloads_ready, now);
  return {};
}

api::OrderApply apply_order(const World& world, const api::RestoreSession& session) {
  const auto& spec = session.spec;
  auto account = restore_account(world, session);
  auto owner = kube::controller_of(session.source);
  return {.step = step_of(session.status),
          .account_namespace = account.namespace_name,
          .service_account = account.name,
          .what = spec.what,
          .namespace_map = spec.namespace_map,
          .storage_class_map = spec.storage_class_map,
          .name_prefix = spec.name_prefix,
          .existing = spec.existing,
          .in_place = spec.in_place,
          .changes = spec.changes,
          .await_ready = session.status.dumps.empty(),
          .defuse = spec.defuse,
          .standby_uid = owner && owner->kind == "Standby" ? owner->uid : std::string()};
}

}  // namespace

Result<Action> RestoreReconciler::reconcile(const Json& object, std::stop_token stop) {
  return reconcile_session<Work>(
      world_, object, [&](Work& work) { return step(work, stop); }, stop);
}

Result<Action> RestoreReconciler::step(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (work.is_over()) return Action::await_change();
  work.before = to_json(status);
  if (work.session.metadata.deletion_time)
    note_failure(status, "the session was deleted", world_.clock.now());
  auto action = advance(work, stop);
  if (!action && !(may_pass(action.code()) && is_patient(work.session))) {
    note_failure(status, action.error().message(), world_.clock.now());
    action = conclude(work, stop);
  }
  if (!action) status.message = action.error().message();
  if (to_json(status) != work.before) TRY(write_status(world_, work.session, stop));
  settle_results(world_, status);
  return action;
}

std::function<void()> RestoreReconciler::wake_for(const Work& work) const {
  return [this, key = work.session.metadata.key()] { wake_(key); };
}

void RestoreReconciler::note_timeout(Work& work) {
  auto& status = work.session.status;
  auto now = world_.clock.now();
  if (!status.start_time || now - *status.start_time <= work.session.spec.timeout) return;
  note_failure(status,
               fmt::format("not done within spec.timeout of {}{}",
                           format_duration(work.session.spec.timeout),
                           status.message.empty() ? "" : ": " + status.message),
               now);
}

Result<Action> RestoreReconciler::advance(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  note_timeout(work);
  if (has_failed(status)) return conclude(work, stop);
  auto source = find_source(world_, work.session);
  bool may_come = source.failed_with(ErrorCode::not_found) &&
                  status.stage == RestoreStage::pending && is_patient(work.session);
  if (may_come) {
    status.message = source.error().message();
    return look_again;
  }
  if (!source) return fail(std::move(source).error());
  work.source = std::move(*source);
  if (status.stage >= RestoreStage::preflight) keep_hold(work);
  if (api::is_true(status.conditions, report_taken)) TRY(end_apply(work, stop));
  switch (status.stage) {
    case RestoreStage::pending:
      return begin(work, stop);
    case RestoreStage::preflight:
      return preflight(work, stop);
    case RestoreStage::restoring_backups:
      return restore_backups(work, stop);
    case RestoreStage::activating_applications:
      return activate(work, stop);
    default:
      return Action::await_change();
  }
}

bool RestoreReconciler::is_patient(const api::RestoreSession& session) const {
  auto now = world_.clock.now();
  return session.status.stage != RestoreStage::pending ||
         now - session.metadata.creation_time.value_or(now) < patience;
}

Result<Action> RestoreReconciler::begin(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  TRY(check_restore(world_, work.session, work.source));
  if (!status.start_time) {
    status.message = maintenance_in_the_way(world_, work.source.place);
    if (!status.message.empty()) return look_again;
    status.start_time = world_.clock.now();
  }
  auto done = world_.background.run(
      "open/" + work.session.metadata.uid,
      [this, source = work.source, spec = work.session.spec,
       uid = work.session.metadata.uid](std::stop_token stopped) -> Result<Json> {
        auto opened = TRY(
            world_.vault.open(source.storage, source.place.path, Vault::WhenAbsent::fail, stopped));
        TRY(world_.vault.hold(source.place, uid, stopped));
        auto chosen = TRY(choose_backup(world_, *opened->repository, source, spec.source, stopped));
        TRY(load_document(*opened->repository, chosen.snapshot_id, stopped).context("backup.json"));
        return Json(JsonObject{{"id", chosen.snapshot_id},
                               {"time", format_nanoseconds(chosen.time)},
                               {"name", chosen.object_name},
                               {"warning", chosen.warning}});
      },
      wake_for(work));
  if (!done) return look_again;
  auto chosen = TRY(*done);
  status.snapshot_id = text_at(chosen, "id");
  status.snapshot = text_at(chosen, "name");
  status.backup_time = TRY(parse_timestamp(text_at(chosen, "time")));
  if (auto warning = text_at(chosen, "warning"); !warning.empty())
    status.warnings.push_back(std::move(warning));
  TRY(bind_restore_account(world_, work.session, stop));
  enter_stage(status, RestoreStage::preflight, world_.clock.now());
  world_.events.record(work.session.source, {.reason = "Started",
                                             .action = "Restore",
                                             .message = "restore of the backup of " +
                                                        format_seconds(*status.backup_time)});
  return again_now;
}

Result<std::optional<api::RestoreReport>> RestoreReconciler::step_apply(Work& work,
                                                                        std::stop_token stop) {
  auto& status = work.session.status;
  auto wish = wish_of(world_, work, step_component(status));
  wish.pod.part = "resources";
  wish.pod.role = "resources";
  wish.pod.service_account = "dmaas-resources";
  MoverFacts facts{status.pod, status.pod_attempts, status.message};
  auto view = step_mover(world_, wish, facts, stop);
  status.pod = facts.pod;
  status.pod_attempts = facts.attempts;
  if (!view) return fail(std::move(view).error());
  if (view->progress) status.progress = view->progress->message;
  status.message = view->message;
  if (!view->message.empty())
    mark_stage(status, api::StageState::running, view->message, world_.clock.now());
  if (view->state == MoverState::given_up) return fail(ErrorCode::internal, view->message);
  if (view->state != MoverState::delivered) return std::nullopt;
  auto report = TRY(from_json<api::RestoreReport>(view->result->report));
  if (view->result->outcome != api::MoverOutcome::succeeded) {
    merge_report(status, report);
    return fail(ErrorCode::invalid_input, view->result->message);
  }
  return report;
}

/// The pod goes whose report is in the status; the next step begins with a pod of its own.
Result<> RestoreReconciler::end_apply(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  MoverFacts facts{status.pod, status.pod_attempts, ""};
  TRY(retire_mover(world_, facts, std::move(stop)));
  status.pod.reset();
  status.pod_attempts = 0;
  api::remove_condition(status.conditions, report_taken);
  return {};
}

Result<Action> RestoreReconciler::preflight(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (!api::is_true(status.conditions, preflight_done)) {
    auto report = TRY(step_apply(work, stop));
    if (!report) return look_again;
    TRY(examine_existing_claims(world_, work, *report, stop));
    TRY(save_restore_plan(world_, work.session, *report, stop));
    take_plan(status, *report);
    take_report(status, preflight_done, world_.clock.now());
    return again_now;
  }
  auto summary = status.preflight.value_or(api::PreflightSummary{});
  if (summary.rejected > 0) {
    const auto& first = summary.findings.front();
    return fail(
        ErrorCode::invalid_input,
        fmt::format("the cluster refuses {} objects, nothing was changed; the first is {}: {}",
                    summary.rejected, first.object, first.reason));
  }
  mark_stage(status, api::StageState::succeeded,
             fmt::format("{} objects accepted, {} unproven, {} skipped", summary.accepted,
                         summary.unproven, summary.skipped),
             world_.clock.now());
  if (work.session.spec.preflight_only) return conclude(work, stop);
  enter_stage(status, RestoreStage::restoring_backups, world_.clock.now());
  return again_now;
}

Result<Action> RestoreReconciler::restore_backups(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (!api::is_true(status.conditions, configuration_applied)) {
    auto report = TRY(step_apply(work, stop));
    if (!report) return look_again;
    merge_report(status, *report);
    take_report(status, configuration_applied, world_.clock.now());
    return again_now;
  }
  if (!TRY(quiesce_workloads(world_, work, stop))) return Action::requeue(rebind_period);
  if (!TRY(hold_application(world_, work, wake_for(work), stop)))
    return Action::requeue(rebind_period);
  TRY(check_still_held(world_, work));
  if (!TRY(fill_volumes(work, stop))) return Action::requeue(rebind_period);
  if (!TRY(let_application_go(world_, work, wake_for(work), stop)))
    return Action::requeue(rebind_period);
  mark_stage(status, api::StageState::succeeded,
             fmt::format("{} volumes filled", status.volumes.size()), world_.clock.now());
  enter_stage(status, RestoreStage::activating_applications, world_.clock.now());
  return again_now;
}

Result<bool> RestoreReconciler::fill_volumes(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (status.volumes.empty()) return true;
  auto plan = TRY(load_restore_plan(world_, work.session, stop));
  int running = 0;
  std::int64_t done = 0;
  std::int64_t total = 0;
  for (auto& volume : status.volumes) {
    auto planned = TRY(find_planned(plan, volume));
    bool may_start = volume.phase != VolumePhase::pending ||
                     running < work.source.storage.spec.max_concurrent_movers;
    if (volume.phase < VolumePhase::succeeded && may_start)
      TRY(step_volume(work, planned, volume, stop));
    running += volume.phase > VolumePhase::pending && volume.phase < VolumePhase::binding;
    done += volume.bytes_done;
    total += std::max(volume.bytes_total, volume.bytes_done);
  }
  if (total > 0) status.progress = fmt::format("{}%", done * 100 / total);
  status.message = describe_trouble(status.volumes);
  bool all_ended = std::ranges::all_of(
      status.volumes, [](const auto& volume) { return volume.phase >= VolumePhase::succeeded; });
  // One that is damaged takes none of the others with it.
  if (all_ended && !status.message.empty()) return fail(ErrorCode::internal, status.message);
  return all_ended;
}

Result<> RestoreReconciler::step_volume(Work& work, const api::PlannedVolume& planned,
                                        api::RestoredVolume& volume, std::stop_token stop) {
  if (volume.phase == VolumePhase::binding) return bind_volume(work, planned, volume, stop);
  auto wish = volume.in_place ? TRY(wish_existing(world_, work, volume, stop))
                              : TRY(wish_new_claim(work, planned, volume, stop));
  if (volume.phase == VolumePhase::pending) volume.phase = VolumePhase::provisioning;
  MoverFacts facts{volume.pod, volume.attempts, volume.message};
  auto view = step_mover(world_, wish, facts, stop);
  volume.pod = facts.pod;
  volume.attempts = facts.attempts;
  if (!view) return fail(std::move(view).error());
  volume.message = view->message;
  if (!view->node.empty()) volume.node = view->node;
  if (view->progress) {
    volume.phase = VolumePhase::filling;
    volume.bytes_done = view->progress->bytes_done;
    volume.files_done = view->progress->files_done;
  }
  if (view->state == MoverState::given_up) volume.phase = VolumePhase::failed;
  if (view->state != MoverState::delivered) return {};
  return take_volume_result(work, *view->result, volume, stop);
}

/// The volume is filled: what it was filled through goes, and the claim here gets it.
Result<> RestoreReconciler::bind_volume(Work& work, const api::PlannedVolume& planned,
                                        api::RestoredVolume& volume, std::stop_token stop) {
  MoverFacts facts{volume.pod, volume.attempts, volume.message};
  TRY(retire_mover(world_, facts, stop));
  volume.pod.reset();
  if (volume.in_place) {
    TRY(leave_existing(world_, work, volume, stop));
    volume.phase = VolumePhase::succeeded;
    return {};
  }
  RebindRequest request{fill_key(world_, work, volume), volume.persistent_volume,
                        impersonated(restore_account(world_, work.session))};
  auto rebinding =
      step_rebinding(world_, planned, request, stop).context("binding claim " + volume.claim);
  if (!rebinding && may_pass(rebinding.code())) return fail(std::move(rebinding).error());
  if (!rebinding) {
    volume.phase = VolumePhase::failed;
    volume.message = rebinding.error().message();
  } else if (*rebinding == Rebinding::done) {
    volume.phase = VolumePhase::succeeded;
  }
  return {};
}

/// A claim of the session's own, made like the one that is wanted.
Result<MoverWish> RestoreReconciler::wish_new_claim(Work& work, const api::PlannedVolume& planned,
                                                    api::RestoredVolume& volume,
                                                    std::stop_token stop) {
  auto claim = fill_key(world_, work, volume);
  if (volume.phase == VolumePhase::pending) {
    auto manifest = fill_claim(planned, claim, work.session.metadata.uid);
    TRY(kube::ensure_created(world_.client, kube::resources::persistent_volume_claims(), manifest,
                             stop));
    volume.fill_claim = claim.name;
  }
  auto wish = wish_of(world_, work, volume_component(volume));
  wish.pod.rights = MoverRights::restore;
  wish.pod.claim = claim.name;
  wish.pod.volume_mode = api::volume_mode_of(volume.volume_mode);
  wish.pod.placement = planned.placement;
  return wish;
}

Result<> RestoreReconciler::take_volume_result(Work& work, const api::MoverResult& result,
                                               api::RestoredVolume& volume, std::stop_token stop) {
  bool succeeded = result.outcome == api::MoverOutcome::succeeded;
  // First what may fail: a volume in phase Binding has one.
  if (succeeded && !volume.in_place)
    volume.persistent_volume = TRY(volume_behind(world_, fill_key(world_, work, volume), stop));
  volume.bytes_done = result.bytes;
  volume.bytes_written = result.bytes_written;
  volume.files_done = result.files;
  volume.files_verified = result.files_verified;
  volume.message = result.message;
  volume.phase = succeeded ? VolumePhase::binding : VolumePhase::failed;
  return {};
}

/// True once they are applied.
Result<bool> RestoreReconciler::apply_workloads(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (api::is_true(status.conditions, workloads_applied)) return true;
  auto report = TRY(step_apply(work, stop));
  if (!report) return false;
  merge_report(status, *report);
  take_report(status, workloads_applied, world_.clock.now());
  // Without dumps the same pod has waited too.
  if (status.dumps.empty()) TRY(note_readiness(status, *report, world_.clock.now()));
  return false;
}

/// True once they are ready.
Result<bool> RestoreReconciler::await_workloads(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  if (api::is_true(status.conditions, workloads_ready)) return true;
  auto report = TRY(step_apply(work, stop));
  if (!report) return false;
  TRY(note_readiness(status, *report, world_.clock.now()));
  return false;
}

/// True once they have run, or when there are none.
Result<bool> RestoreReconciler::run_activation_hooks(Work& work) {
  auto& status = work.session.status;
  if (work.session.spec.hooks.empty() || ran_hooks(status.hooks, "after")) return true;
  auto hooks =
      TRY(resolve_hooks(world_, work.session.spec.hooks, work.session.metadata.namespace_name));
  HookOccasion occasion{work.session.metadata.uid,
                        "after",
                        work.session.metadata.namespace_name,
                        impersonated(restore_account(world_, work.session)),
                        {{.name = "restored"}}};
  occasion.targets.front().all_objects = true;
  for (const auto& [from, to] : work.session.spec.namespace_map)
    occasion.targets.front().namespaces.push_back(to);
  auto done = world_.background.run(
      "hooks/" + work.session.metadata.uid,
      [this, hooks, occasion](std::stop_token stopped) -> Result<Json> {
        return encode_outcome(run_hooks(world_, hooks, occasion, stopped));
      },
      wake_for(work));
  if (!done) return false;
  auto outcome = decode_outcome(TRY(*done));
  status.hooks.insert(status.hooks.end(), outcome.results.begin(), outcome.results.end());
  if (!outcome.abort_message.empty()) return fail(ErrorCode::invalid_input, outcome.abort_message);
  return true;
}

Result<Action> RestoreReconciler::activate(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  // What was reported is written down before anything else is begun.
  auto wait = [&] {
    return api::is_true(status.conditions, report_taken) ? again_now : look_again;
  };
  if (!TRY(apply_workloads(work, stop))) return wait();
  if (!TRY(release_workloads(world_, work, stop))) return look_again;
  if (!status.dumps.empty() && !TRY(play_dumps(world_, work, stop))) return look_again;
  if (!TRY(await_workloads(work, stop))) return wait();
  if (!TRY(await_released(world_, work, stop))) return look_again;
  if (!TRY(run_activation_hooks(work))) return look_again;
  mark_stage(status, api::StageState::succeeded, "every workload is ready", world_.clock.now());
  return conclude(work, stop);
}

/// As a backup does while movers work under the lock of an earlier process.
void RestoreReconciler::keep_hold(Work& work) {
  const auto& uid = work.session.metadata.uid;
  if (world_.vault.is_held(work.source.place, uid)) return;
  auto held = world_.background.run(
      "hold/" + uid,
      [this, source = work.source, uid](std::stop_token stopped) -> Result<Json> {
        TRY(world_.vault.open(source.storage, source.place.path, Vault::WhenAbsent::fail, stopped));
        TRY(world_.vault.hold(source.place, uid, stopped));
        return Json();
      },
      [] {});
  if (held && !*held) {
    log_warning(
        "the lock of a repository could not be taken over",
        {{"session", work.session.metadata.key().text()}, {"cause", held->error().message()}});
  }
}

Result<Action> RestoreReconciler::conclude(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  TRY(clean_up(work, stop));
  if (!TRY(release_workloads(world_, work, stop))) return Action::requeue(rebind_period);
  if (!TRY(let_application_go(world_, work, wake_for(work), stop)))
    return Action::requeue(rebind_period);
  finish_status(status, work.session.spec.preflight_only, world_.clock.now());
  bool succeeded = status.stage == RestoreStage::succeeded;
  world_.events.record(work.session.source, {.severity = succeeded ? kube::EventSeverity::normal
                                                                   : kube::EventSeverity::warning,
                                             .reason = succeeded ? "Succeeded" : "Failed",
                                             .action = "Restore",
                                             .message = status.message});
  return Action::await_change();
}

Result<> RestoreReconciler::clean_up(Work& work, std::stop_token stop) {
  auto& status = work.session.status;
  const auto& uid = work.session.metadata.uid;
  for (auto name : {"open/", "hold/", "quiesce/", "hooks/"}) world_.background.cancel(name + uid);
  TRY(end_apply(work, stop));
  TRY(retire_dumps(world_, status, stop));
  warn_of_half_filled(status);
  for (auto& volume : status.volumes) {
    MoverFacts mover{volume.pod, volume.attempts, volume.message};
    TRY(retire_mover(world_, mover, stop));
    volume.pod.reset();
    kube::ObjectKey target{volume.namespace_name, volume.claim};
    if (!volume.persistent_volume.empty() && volume.phase != VolumePhase::succeeded)
      TRY(give_up_volume(
          world_, {volume.persistent_volume, fill_key(world_, work, volume), target, uid}, stop));
  }
  TRY(remove_belongings_of(world_, uid, stop));
  std::vector<Vault::Origin> former;
  if (auto source = find_source(world_, work.session))
    former.emplace_back(source->storage, source->place.path);
  world_.vault.release(uid, former, stop);
  return {};
}

std::optional<api::OrderSession> RestoreReconciler::session_of(const std::string& pod_uid) const {
  for (const auto& object : world_.stores.restore_sessions.all()) {
    auto session = api::decode<api::RestoreSession>(*object);
    if (!session || is_final(session->status.stage) || session->metadata.deletion_time) continue;
    auto is_it = [&](const auto& pod) { return pod && pod->uid == pod_uid; };
    bool fills = std::ranges::any_of(session->status.volumes,
                                     [&](const auto& volume) { return is_it(volume.pod); });
    bool plays = std::ranges::any_of(session->status.dumps,
                                     [&](const auto& dump) { return is_it(dump.pod); });
    if (fills || plays || is_it(session->status.pod)) return identity_of(*session);
  }
  return std::nullopt;
}

Result<std::optional<api::WorkOrder>> RestoreReconciler::order_for(const std::string& pod_uid,
                                                                   std::stop_token stop) {
  for (const auto& object : world_.stores.restore_sessions.all()) {
    auto session = api::decode<api::RestoreSession>(*object);
    if (!session || is_final(session->status.stage) || session->metadata.deletion_time) continue;
    const auto& status = session->status;
    bool applies = status.pod && status.pod->uid == pod_uid;
    auto volume = std::ranges::find_if(status.volumes, [&](const auto& v) {
      return v.pod && v.pod->uid == pod_uid && v.phase < VolumePhase::binding;
    });
    auto dump = std::ranges::find_if(status.dumps, [&](const auto& d) {
      return d.pod && d.pod->uid == pod_uid && !is_final(d.phase);
    });
    if (!applies && volume == status.volumes.end() && dump == status.dumps.end()) continue;
    auto source = TRY(find_source(world_, *session));
    auto opened =
        TRY(world_.vault.open(source.storage, source.place.path, Vault::WhenAbsent::fail, stop));
    TRY(world_.vault.hold(source.place, session->metadata.uid, stop));
    api::WorkOrder order;
    order.session = identity_of(*session);
    order.repository = world_.vault.order_for(source.place, opened->repository->master_key());
    order.memory_bytes = memory_limit_of(session->spec.mover);
    if (applies) {
      order.attempt = status.pod_attempts;
      order.component = step_component(status);
      order.task = api::MoverTask::restore_resources;
      order.snapshot_id = status.snapshot_id;
      order.apply = apply_order(world_, *session);
    } else if (volume != status.volumes.end()) {
      order.attempt = volume->attempts;
      order.component = volume_component(*volume);
      order.task = api::MoverTask::restore_volume;
      order.snapshot_id = volume->snapshot_id;
      order.volume = TRY(volume_order(world_, *session, *volume, stop));
    } else {
      order.attempt = dump->attempts;
      order.component = dump->component;
      order.task = api::MoverTask::restore_dump;
      order.snapshot_id = dump->snapshot_id;
      order.dump = TRY(dump_order(world_, *session, *dump, stop));
    }
    return order;
  }
  return std::nullopt;
}

}  // namespace dmaas::controller
