#include "controller/standby/reconcile_standby.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "api/validate.hpp"
#include "base/size_text.hpp"
#include "base/time_text.hpp"
#include "controller/references.hpp"
#include "controller/standby/remove_workloads.hpp"
#include "controller/standby/standby_session.hpp"
#include "controller/standby/standby_status.hpp"
#include "controller/status.hpp"
#include "controller/verification/verified_backup.hpp"

namespace dmaas::controller {

using api::StandbyTask;
using kube::Action;

namespace {

const Action again_now = Action::requeue(std::chrono::nanoseconds{0});
const Action look_again = Action::requeue(std::chrono::seconds{2});
/// Events tell of everything; this is for one that was lost, and for clocks that are set.
constexpr std::chrono::minutes longest_pause{5};

const kube::Resource& session_resource() {
  static const auto resource = api::kind_info<api::RestoreSession>().resource();
  return resource;
}

std::optional<StandbyTask> task_of(const api::RestoreSession& session) {
  auto label = session.metadata.labels.find(std::string(api::label::standby_task));
  if (label == session.metadata.labels.end()) return std::nullopt;
  for (auto task : {StandbyTask::sync, StandbyTask::check, StandbyTask::activation})
    if (label->second == name_of(task)) return task;
  return std::nullopt;
}

api::StandbyBackup summary_of(const api::Snapshot& backup) {
  return {.name = backup.metadata.name,
          .snapshot_id = backup.spec.snapshot_id,
          .time = backup.spec.time};
}

std::string describe_sync(const api::RestoreSession& session) {
  std::int64_t written = 0;
  std::int64_t total = 0;
  for (const auto& volume : session.status.volumes) {
    written += volume.bytes_written;
    total += volume.bytes_total;
  }
  return fmt::format("{} of {} differed and were written", format_bytes(written),
                     format_bytes(total));
}

}  // namespace

Result<Action> StandbyReconciler::reconcile(const Json& object, std::stop_token stop) {
  auto current = TRY(load_newest<Standby>(world_, object, stop));
  if (!current || current->metadata.deletion_time) return Action::await_change();
  auto& standby = *current;
  auto& status = standby.status;
  auto before = to_json(status);
  auto sessions = TRY(sessions_of(standby, stop));
  note_new_spec(standby);
  adopt(standby, sessions);
  std::optional<api::Snapshot> newest;
  auto source = look_at_source(standby, newest);
  if (newest) status.newest = summary_of(*newest);
  StandbyScene scene{.now = world_.clock.now(), .newest = status.newest, .session = {}};
  if (!newest) scene.newest.reset();
  for (auto& session : sessions)
    if (status.work && session.metadata.name == status.work->session) scene.session = session;
  auto action = move(standby, scene, newest, stop);
  if (!action && may_pass(action.code())) return action;
  auto trouble = source ? Result<>() : std::move(source);
  if (trouble && !action) trouble = fail(Error(action.error()));
  set_ready(status.conditions,
            {.reason = trouble ? "Following" : std::string(reason_not_ready(trouble.code())),
             .message = trouble ? "the standby can follow" : trouble.error().message(),
             .ready = trouble.has_value()},
            scene.now);
  summarise_standby(standby, trouble ? "" : trouble.error().message(), scene.now);
  if (to_json(status) != before) TRY(write_status(world_, standby, stop));
  TRY(trim_history(standby, sessions, stop));
  return action ? action : Action::requeue(longest_pause);
}

Result<> StandbyReconciler::look_at_source(const Standby& standby,
                                           std::optional<api::Snapshot>& newest) const {
  const auto& own = standby.metadata.namespace_name;
  TRY(api::validate(standby.spec, surroundings(world_, own)));
  auto key = standby.spec.repository.key(own);
  TRY(check_repository(world_, own, key));
  auto repository = TRY(find_object<api::Repository>(world_.stores.repositories, key));
  newest = newest_backup(world_, key);
  const auto* ready = api::find_condition(repository.status.conditions, api::condition::ready);
  if (ready == nullptr || ready->status != api::ConditionStatus::no) return {};
  return fail(ErrorCode::unavailable,
              fmt::format("the repository cannot be read, and what is here stays as it is: {}",
                          ready->message));
}

Result<StandbyReconciler::Sessions> StandbyReconciler::sessions_of(const Standby& standby,
                                                                   std::stop_token stop) {
  Sessions sessions;
  kube::ListOptions options{
      .namespace_name = standby.metadata.namespace_name,
      .label_selector = fmt::format("{}={}", api::label::standby, standby.metadata.uid)};
  for (const auto& object :
       TRY(kube::list_all(world_.client, session_resource(), options, std::move(stop)))) {
    auto owner = kube::controller_of(object);
    if (!owner || owner->uid != standby.metadata.uid) continue;
    if (auto session = api::decode<api::RestoreSession>(object))
      sessions.push_back(std::move(*session));
  }
  std::ranges::sort(sessions, std::ranges::greater{},
                    [](const auto& session) { return session.metadata.creation_time; });
  return sessions;
}

void StandbyReconciler::adopt(Standby& standby, const Sessions& sessions) const {
  auto& status = standby.status;
  if (status.work) return;
  for (const auto& session : sessions) {
    auto task = task_of(session);
    if (!task) continue;
    auto next = standby_session(standby, *task, nullptr).metadata.name;
    if (session.metadata.name != next) continue;
    ++status.sessions_started;
    status.work = api::StandbyWork{.session = next, .task = *task};
    status.work->backup.snapshot_id = session.spec.source.snapshot;
    return;
  }
}

Result<Action> StandbyReconciler::move(Standby& standby, const StandbyScene& scene,
                                       const std::optional<api::Snapshot>& newest,
                                       std::stop_token stop) {
  auto& status = standby.status;
  auto decision = decide_standby(standby, scene);
  switch (decision.move) {
    case StandbyMove::rest:
      if (!decision.again) return Action::requeue(longest_pause);
      return Action::requeue(
          std::min<std::chrono::nanoseconds>(*decision.again - scene.now, longest_pause));
    case StandbyMove::wait:
      note_work(status, *scene.session);
      return Action::requeue(longest_pause);
    case StandbyMove::take:
      tell_of_session(standby, scene);
      take_session(standby, scene);
      return again_now;
    case StandbyMove::stop_work:
      TRY(kube::ensure_removed(world_.client, session_resource(), scene.session->metadata.key(),
                               {.uid = scene.session->metadata.uid}, stop));
      status.work->progress = "is being stopped: it is not wanted any more";
      return look_again;
    case StandbyMove::sync:
      if (volumes_of(*newest).empty()) {
        note_nothing_to_sync(status, *scene.newest);
      } else {
        TRY(start(standby, StandbyTask::sync, newest, stop));
      }
      return again_now;
    case StandbyMove::check:
      TRY(start(standby, StandbyTask::check, newest, stop));
      return again_now;
    case StandbyMove::activate:
      TRY(start(standby, StandbyTask::activation, newest, stop));
      return again_now;
    case StandbyMove::deactivate:
      TRY(deactivate(standby, stop));
      return status.active ? look_again : again_now;
  }
  return look_again;
}

Result<> StandbyReconciler::start(Standby& standby, StandbyTask task,
                                  const std::optional<api::Snapshot>& newest,
                                  std::stop_token stop) {
  auto& status = standby.status;
  auto session = standby_session(standby, task, newest ? &*newest : nullptr);
  TRY(kube::ensure_created(world_.client, session_resource(), api::encode(session), stop));
  ++status.sessions_started;
  status.work = api::StandbyWork{.session = session.metadata.name, .task = task};
  if (newest) status.work->backup = summary_of(*newest);
  if (task == StandbyTask::activation) {
    world_.events.record(standby.source, {.reason = "Activating",
                                          .action = "Activation",
                                          .message = "the application is started here by session " +
                                                     session.metadata.name});
  }
  return {};
}

void StandbyReconciler::tell_of_session(const Standby& standby, const StandbyScene& scene) {
  const auto& work = *standby.status.work;
  bool succeeded = scene.session && scene.session->status.stage == api::RestoreStage::succeeded;
  if (work.task == StandbyTask::check && succeeded) return;
  kube::EventNote note{.reason = std::string(name_of(work.task)) + (succeeded ? "Done" : "Failed"),
                       .action = std::string(name_of(work.task)),
                       .message = "session " + work.session + " was deleted"};
  if (scene.session) note.message = scene.session->status.message;
  if (succeeded && work.task == StandbyTask::sync) note.message = describe_sync(*scene.session);
  if (!succeeded) note.severity = kube::EventSeverity::warning;
  world_.events.record(standby.source, note);
}

Result<> StandbyReconciler::deactivate(Standby& standby, std::stop_token stop) {
  auto& status = standby.status;
  // From here on it is no whole application, whatever is wanted next.
  status.activation_time.reset();
  status.message = TRY(remove_workloads(world_, standby, std::move(stop)));
  if (!status.message.empty()) return {};
  note_deactivated(status);
  world_.events.record(standby.source,
                       {.reason = "Deactivated",
                        .action = "Deactivation",
                        .message = "the application's workloads are gone, its claims are kept"});
  return {};
}

Result<> StandbyReconciler::trim_history(const Standby& standby, const Sessions& sessions,
                                         std::stop_token stop) {
  std::int32_t kept = 0;
  for (const auto& session : sessions) {
    bool is_taken = !standby.status.work || standby.status.work->session != session.metadata.name;
    if (!is_final(session.status.stage) || !is_taken) continue;
    if (++kept <= standby.spec.history_limit) continue;
    TRY(kube::ensure_removed(world_.client, session_resource(), session.metadata.key(),
                             {.uid = session.metadata.uid}, stop));
  }
  return {};
}

}  // namespace dmaas::controller
