#include "controller/verification/reconcile_verifier.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "api/validate.hpp"
#include "controller/references.hpp"
#include "controller/status.hpp"
#include "controller/verification/due_verification.hpp"
#include "controller/verification/verified_backup.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {

using kube::Action;

namespace {

/// Clocks are set.
constexpr std::chrono::minutes longest_pause{10};

std::string repository_of(const api::VerificationSession& session) {
  return session.spec.repository.key(session.metadata.namespace_name).text();
}

kube::ObjectKey repository_of(const api::Snapshot& backup) {
  return backup.spec.repository.key(backup.metadata.namespace_name);
}

}  // namespace

Result<Action> VerifierReconciler::reconcile(const Json& object, std::stop_token stop) {
  auto newest = TRY(load_newest<Verifier>(world_, object, stop));
  if (!newest || newest->metadata.deletion_time) return Action::await_change();
  auto& verifier = *newest;
  auto before = to_json(verifier.status);
  auto sessions = sessions_of(verifier);
  take_results(verifier, sessions);
  auto next = start_what_is_due(verifier, sessions, stop);
  auto now = world_.clock.now();
  bool stands = !next && may_pass(next.code());
  if (stands) return fail(std::move(next).error());
  set_ready(verifier.status.conditions,
            {.reason = next ? "Verifying" : std::string(reason_not_ready(next.code())),
             .message = next ? "the verifier can work" : next.error().message(),
             .ready = next.has_value()},
            now);
  verifier.status.observed_generation = verifier.metadata.generation;
  if (to_json(verifier.status) != before) TRY(write_status(world_, verifier, stop));
  TRY(trim_history(verifier, sessions, stop));
  if (!next) return Action::requeue(longest_pause);
  if (!*next) return Action::await_change();
  return Action::requeue(std::min<std::chrono::nanoseconds>(**next - now, longest_pause));
}

Result<std::map<std::string, api::Snapshot>> VerifierReconciler::backups_of(
    const Verifier& verifier) const {
  const auto& own = verifier.metadata.namespace_name;
  std::map<std::string, api::Snapshot> backups;
  auto offer = [&](api::Snapshot backup) {
    auto repository = repository_of(backup).text();
    auto known = backups.find(repository);
    if (known == backups.end()) {
      backups.emplace(std::move(repository), std::move(backup));
    } else if (backup.spec.time > known->second.spec.time) {
      known->second = std::move(backup);
    }
  };
  for (const auto& reference : verifier.spec.repositories) {
    TRY(check_repository(world_, own, reference.key(own)));
    if (auto newest = newest_backup(world_, reference.key(own))) offer(std::move(*newest));
  }
  for (const auto& plan : verifier.spec.plans) {
    kube::ObjectKey key{own, plan.name};
    TRY(find_object<api::BackupConfiguration>(world_.stores.plans, key));
    for (const auto& object : world_.stores.snapshots.in_namespace(own)) {
      auto backup = api::decode<api::Snapshot>(*object);
      bool counts = backup && backup->status.plan == key.text() && backup->status.complete &&
                    !backup->metadata.deletion_time;
      if (counts) offer(std::move(*backup));
    }
  }
  return backups;
}

VerifierReconciler::Sessions VerifierReconciler::sessions_of(const Verifier& verifier) const {
  Sessions sessions;
  for (const auto& object :
       world_.stores.verification_sessions.in_namespace(verifier.metadata.namespace_name)) {
    auto owner = kube::controller_of(*object);
    if (!owner || owner->uid != verifier.metadata.uid) continue;
    if (auto session = api::decode<api::VerificationSession>(*object))
      sessions.push_back(std::move(*session));
  }
  std::ranges::sort(sessions, std::ranges::greater{},
                    [](const auto& session) { return session.metadata.creation_time; });
  return sessions;
}

Result<std::optional<Timestamp>> VerifierReconciler::start_what_is_due(Verifier& verifier,
                                                                       const Sessions& sessions,
                                                                       std::stop_token stop) {
  auto now = world_.clock.now();
  TRY(api::validate(verifier.spec, surroundings(world_, verifier.metadata.namespace_name)));
  auto schedule = TRY(find_due_verification(verifier, now));
  verifier.status.next_time = schedule.next;
  if (schedule.went_back_to) verifier.status.last_scheduled_time = schedule.went_back_to;
  for (const auto& [repository, backup] : TRY(backups_of(verifier))) {
    auto& known = result_of(verifier.status, repository);
    bool is_busy = std::ranges::any_of(sessions, [&](const auto& session) {
      return repository_of(session) == repository && !is_final(session.status.phase);
    });
    // A backup that comes meanwhile has its turn when that session ends.
    bool is_new = is_new_backup(verifier, known, backup.spec.time);
    if (is_busy || !(schedule.due || is_new)) continue;
    TRY(start(verifier, backup, schedule.due.value_or(backup.spec.time), stop));
    known.last_backup_time = backup.spec.time;
  }
  if (schedule.due) verifier.status.last_scheduled_time = schedule.due;
  return schedule.next;
}

Result<> VerifierReconciler::start(const Verifier& verifier, const api::Snapshot& backup,
                                   Timestamp time, std::stop_token stop) {
  auto repository = repository_of(backup);
  api::VerificationSession session;
  session.metadata.namespace_name = verifier.metadata.namespace_name;
  // Repeating it makes no second one.
  session.metadata.name =
      api::session_name(verifier.metadata.name, verifier.metadata.uid, repository.text(), time);
  session.metadata.owner_references = {api::owner_reference_to(verifier)};
  session.spec.verifier = api::LocalReference{verifier.metadata.name};
  session.spec.repository = {repository.name, repository.namespace_name};
  session.spec.snapshot = backup.metadata.name;
  session.spec.verification = verifier.spec.verification;
  return kube::ensure_created(world_.client, api::kind_info<api::VerificationSession>().resource(),
                              api::encode(session), std::move(stop));
}

void VerifierReconciler::take_results(Verifier& verifier, const Sessions& sessions) {
  for (const auto& session : sessions) {
    const auto& status = session.status;
    if (!is_final(status.phase) || !status.completion_time) continue;
    auto& result = result_of(verifier.status, repository_of(session));
    if (result.time && *result.time >= *status.completion_time) continue;
    result.session = session.metadata.name;
    result.phase = name_of(status.phase);
    result.backup = status.snapshot;
    result.time = status.completion_time;
    result.time_to_recover = status.time_to_recover;
    result.recovery_point = status.recovery_point;
    result.message = status.message;
    if (status.phase != api::VerificationPhase::failed) continue;
    world_.events.record(verifier.source,
                         {.severity = kube::EventSeverity::warning,
                          .reason = "VerificationFailed",
                          .action = "Verification",
                          .message = fmt::format("{}: {}", result.repository, status.message)});
  }
  summarise_results(verifier.status, world_.clock.now());
}

Result<> VerifierReconciler::trim_history(const Verifier& verifier, const Sessions& sessions,
                                          std::stop_token stop) {
  std::map<std::string, int> kept;
  for (const auto& session : sessions) {
    if (!is_final(session.status.phase)) continue;
    if (++kept[repository_of(session)] <= verifier.spec.history_limit) continue;
    TRY(kube::ensure_removed(world_.client, api::kind_info<api::VerificationSession>().resource(),
                             session.metadata.key(), {.uid = session.metadata.uid}, stop));
  }
  return {};
}

}  // namespace dmaas::controller
