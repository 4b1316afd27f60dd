#include "controller/refill/reconcile_refill.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/validate.hpp"
#include "base/time_text.hpp"
#include "controller/references.hpp"
#include "controller/refill/decide_refill.hpp"
#include "controller/refill/refill_session.hpp"
#include "controller/status.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {

using kube::Action;

namespace {

/// Clocks are set.
constexpr std::chrono::minutes longest_pause{10};
/// What it waits for mostly is on its way: a storage that answers again, a first backup.
constexpr std::chrono::seconds look_again_period{30};

const kube::Resource& session_resource() {
  static const auto resource = api::kind_info<api::RestoreSession>().resource();
  return resource;
}

ReadyNote describe(const api::RestoreConfiguration& refill, const Result<>& looked) {
  if (!looked) {
    return {.reason = std::string(reason_not_ready(looked.code())),
            .message = looked.error().message(),
            .ready = false};
  }
  if (refill.spec.paused) {
    return {.reason = std::string(api::reason::paused),
            .message = "no session starts while spec.paused is true",
            .ready = false};
  }
  const auto& running = refill.status.running;
  return {.reason = running.empty() ? "Waiting" : "Restoring",
          .message = running.empty() ? "it can restore" : "session " + running + " is under way"};
}

}  // namespace

RefillReconciler::RefillReconciler(World& world)
    : RefillReconciler(world,
                       [&world](const auto& source, const auto& wanted,
                                std::stop_token stop) -> Result<ChosenBackup> {
                         auto opened = TRY(world.vault.open(source.storage, source.place.path,
                                                            Vault::WhenAbsent::fail, stop));
                         return choose_backup(world, *opened->repository, source, wanted, stop);
                       }) {}

Result<Action> RefillReconciler::reconcile(const Json& object, std::stop_token stop) {
  auto newest = TRY(load_newest<Refill>(world_, object, stop));
  if (!newest || newest->metadata.deletion_time) return Action::await_change();
  auto& refill = *newest;
  auto& status = refill.status;
  auto before = to_json(status);
  auto sessions = TRY(sessions_of(refill, stop));
  take_results(refill, sessions);
  auto ran = run_schedule(refill, sessions, stop);
  if (ran.failed_with(ErrorCode::cancelled)) return fail(std::move(ran).error());
  auto now = world_.clock.now();
  set_ready(status.conditions, describe(refill, ran), now);
  status.observed_generation = refill.metadata.generation;
  if (to_json(status) != before) TRY(write_status(world_, refill, stop));
  TRY(trim_history(refill, sessions, stop));
  if (!ran) return Action::requeue(look_again_period);
  if (!status.next_time) return Action::requeue(longest_pause);
  return Action::requeue(
      std::clamp<std::chrono::nanoseconds>(*status.next_time - now, {}, longest_pause));
}

Result<RefillReconciler::Sessions> RefillReconciler::sessions_of(const Refill& refill,
                                                                 std::stop_token stop) {
  Sessions sessions;
  kube::ListOptions options{
      .namespace_name = refill.metadata.namespace_name,
      .label_selector = fmt::format("{}={}", api::label::refill, refill.metadata.uid)};
  // Not from the local copy, which may not have the session yet that was started just now.
  for (const auto& object :
       TRY(kube::list_all(world_.client, session_resource(), options, std::move(stop)))) {
    auto owner = kube::controller_of(object);
    if (!owner || owner->uid != refill.metadata.uid) continue;
    if (auto session = api::decode<api::RestoreSession>(object))
      sessions.push_back(std::move(*session));
  }
  std::ranges::sort(sessions, std::ranges::greater{},
                    [](const auto& session) { return session.metadata.creation_time; });
  return sessions;
}

void RefillReconciler::take_results(Refill& refill, const Sessions& sessions) {
  auto& status = refill.status;
  auto now = world_.clock.now();
  auto was_running = std::exchange(status.running, {});
  bool is_known = was_running.empty();
  for (auto session = sessions.rbegin(); session != sessions.rend(); ++session) {
    is_known = is_known || session->metadata.name == was_running;
    const auto& ended = session->status;
    if (!is_final(ended.stage)) {
      status.running = session->metadata.name;
      continue;
    }
    bool is_taken = status.last_session && status.last_session->time >= ended.completion_time;
    if (is_taken) continue;
    take_session(status, *session, now);
    bool succeeded = ended.stage == api::RestoreStage::succeeded;
    world_.events.record(
        refill.source,
        {.severity = succeeded ? kube::EventSeverity::normal : kube::EventSeverity::warning,
         .reason = succeeded ? "Restored" : "RestoreFailed",
         .action = "Restore",
         .message = fmt::format("session {}: {}", session->metadata.name, ended.message)});
  }
  if (is_known) return;
  status.running = was_running;
  note_lost_session(status, now);
}

Result<SourceRepository> RefillReconciler::look_at(const Refill& refill) const {
  // As for a session: find_source knows which clusters' repositories it may name.
  auto where = surroundings(world_, refill.metadata.namespace_name);
  where.cluster.clear();
  TRY(api::validate(refill.spec, where));
  auto session = refill_session(refill, {});
  auto source = TRY(find_source(world_, session));
  TRY(check_restore(world_, session, source));
  return source;
}

Result<> RefillReconciler::run_schedule(Refill& refill, const Sessions& sessions,
                                        std::stop_token stop) {
  auto& status = refill.status;
  status.next_time.reset();
  auto source = TRY(look_at(refill));
  if (refill.spec.paused) return {};
  auto decision = TRY(decide_refill(refill, sessions, world_.clock.now()));
  status.next_time = decision.next;
  if (decision.went_back_to) status.last_time = decision.went_back_to;
  if (decision.started) status.last_time = decision.started;
  if (decision.skipped) note_skip(refill, *decision.skipped);
  if (!decision.due) return {};
  auto found = newest_backup(refill, source, *decision.due);
  if (!found) return {};
  auto backup = TRY(std::move(*found));
  bool is_skipped = refill.spec.unchanged == api::UnchangedBackup::skip &&
                    is_unchanged(refill, sessions, backup.snapshot_id);
  if (!is_skipped) return start(refill, *decision.due, std::move(stop));
  note_skip(refill, {*decision.due, "SkippedBecauseUnchanged",
                     fmt::format("the backup of {} was restored before, and there is no newer one",
                                 format_seconds(backup.time))});
  return {};
}

std::optional<Result<ChosenBackup>> RefillReconciler::newest_backup(const Refill& refill,
                                                                    const SourceRepository& source,
                                                                    Timestamp due) {
  // An answer that nobody fetched may be about another template or time.
  auto question = fmt::format("{} {}", refill.metadata.generation, format_seconds(due));
  auto work = [find = find_backup_, source, wanted = refill.spec.session_template.source,
               question](std::stop_token stopped) -> Result<Json> {
    auto chosen = TRY(find(source, wanted, stopped));
    return Json(JsonObject{{"question", question},
                           {"id", chosen.snapshot_id},
                           {"time", format_nanoseconds(chosen.time)}});
  };
  auto wake = [this, key = refill.metadata.key()] { wake_(key); };
  auto name = "refill/" + refill.metadata.uid;
  auto answer = world_.background.run(name, work, wake);
  if (answer && *answer && text_at(**answer, "question") != question)
    answer = world_.background.run(name, work, wake);
  if (!answer) return std::nullopt;
  if (!*answer) return fail(std::move(*answer).error());
  auto time = parse_timestamp(text_at(**answer, "time"));
  if (!time) return fail(std::move(time).error());
  return ChosenBackup{.snapshot_id = text_at(**answer, "id"), .time = *time};
}

Result<> RefillReconciler::start(Refill& refill, Timestamp due, std::stop_token stop) {
  auto session = refill_session(refill, due);
  TRY(kube::ensure_created(world_.client, session_resource(), api::encode(session),
                           std::move(stop)));
  refill.status.last_time = due;
  refill.status.running = session.metadata.name;
  world_.events.record(
      refill.source,
      {.reason = "Started", .action = "Schedule", .message = "session " + session.metadata.name});
  return {};
}

void RefillReconciler::note_skip(Refill& refill, api::SkippedStart skipped) {
  bool is_usual = skipped.reason == "SkippedBecauseUnchanged";
  world_.events.record(refill.source, {.severity = is_usual ? kube::EventSeverity::normal
                                                            : kube::EventSeverity::warning,
                                       .reason = skipped.reason,
                                       .action = "Schedule",
                                       .message = skipped.message});
  refill.status.last_time = skipped.time;
  refill.status.last_skipped = std::move(skipped);
}

Result<> RefillReconciler::trim_history(const Refill& refill, const Sessions& sessions,
                                        std::stop_token stop) {
  std::int32_t kept = 0;
  for (const auto& session : sessions) {
    if (!is_final(session.status.stage) || ++kept <= refill.spec.history_limit) continue;
    TRY(kube::ensure_removed(world_.client, session_resource(), session.metadata.key(),
                             {.uid = session.metadata.uid}, stop));
  }
  return {};
}

}  // namespace dmaas::controller
