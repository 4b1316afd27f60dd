#include "controller/staging/reconcile_staging.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/labels.hpp"
#include "applications/retention/delete_backup.hpp"
#include "base/log.hpp"
#include "controller/anomaly/tell_unusual.hpp"
#include "controller/backup/check_space.hpp"
#include "controller/references.hpp"
#include "controller/status.hpp"
#include "controller/verification/publish_verdict.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {

using kube::Action;

namespace {

/// Fields of this manager stay when the backup is published anew.
constexpr const char* manager = "dmaas-staging";
/// While nothing tells of what is waited for.
constexpr std::chrono::minutes look_period{1};
/// Clocks are set.
constexpr std::chrono::minutes longest_pause{10};
constexpr int max_name_gaps = 10;

api::Condition condition_with(api::ConditionStatus status, std::string_view reason,
                              std::string message) {
  return {.type = std::string(api::condition::staging_passed),
          .status = status,
          .reason = std::string(reason),
          .message = std::move(message)};
}

const api::Condition* staging_of(const StagedBackup& backup) {
  return api::find_condition(backup.snapshot.status.conditions, api::condition::staging_passed);
}

/// What the verification has found, once it is over.
std::optional<api::Condition> condition_of(const api::VerificationSession& session) {
  if (!is_final(session.status.phase)) return std::nullopt;
  auto name = session.metadata.key().text();
  if (session.status.phase == api::VerificationPhase::succeeded)
    return condition_with(api::ConditionStatus::yes, "Verified", "passed verification " + name);
  return condition_with(
      api::ConditionStatus::no, "VerificationFailed",
      fmt::format(
          "verification {} did not pass: {}; the backup is copied nowhere: correct the cause "
          "and back up again",
          name, session.status.message));
}

std::vector<kube::ObjectKey> keys_of(const std::vector<api::BackupStorage>& storages) {
  std::vector<kube::ObjectKey> keys;
  for (const auto& storage : storages) keys.push_back(storage.metadata.key());
  return keys;
}

/// Where the copies are, for people; `obstacles` say why one has not begun.
std::string describe_copies(const StagedFacts& facts, const std::string& obstacles) {
  std::vector<std::string> done;
  std::vector<std::string> open;
  for (const auto& copy : facts.copies)
    (copy.state == CopyState::succeeded ? done : open).push_back(copy.storage);
  std::string text;
  if (!done.empty()) text += fmt::format(", copied to {}", fmt::join(done, ", "));
  if (!open.empty()) text += fmt::format(", being copied to {}", fmt::join(open, ", "));
  return obstacles.empty() ? text : text + "; " + obstacles;
}

bool is_everywhere(const StagedFacts& facts) {
  return std::ranges::all_of(
      facts.copies, [](const StagedCopy& copy) { return copy.state == CopyState::succeeded; });
}

}  // namespace

Result<Action> StagingReconciler::reconcile(const Json& object, std::stop_token stop) {
  // Few backups are on a stage: the others cost no request.
  if (!find_staged(world_, TRY(api::decode<api::Snapshot>(object)))) return Action::await_change();
  auto newest = TRY(load_newest<api::Snapshot>(world_, object, stop));
  if (!newest) return Action::await_change();
  auto found = find_staged(world_, std::move(*newest));
  if (!found) return Action::await_change();
  auto& backup = *found;
  StagedFacts facts{.taken = backup.snapshot.spec.time, .retention = backup.staging().retention};
  facts.verdict = TRY(find_verdict(backup, stop));
  if (facts.verdict == StagedVerdict::passed) {
    auto sessions = TRY(load_copies(backup, stop));
    facts.copies = copies_of(keys_of(TRY(storages_of(world_, backup.plan))), sessions);
    note_known_copies(world_, backup, facts.copies);
    TRY(mark_copies(backup, sessions, stop));
  }
  return act(backup, facts, std::move(stop));
}

Result<Action> StagingReconciler::act(StagedBackup& backup, const StagedFacts& facts,
                                      std::stop_token stop) {
  auto now = world_.clock.now();
  auto step = decide_staging(facts, now);
  std::string obstacles;
  if (step.act == StagingAct::verify) obstacles = TRY(verify(backup, stop));
  if (step.act == StagingAct::copy) obstacles = TRY(copy(backup, facts, step.storages, stop));
  if (facts.verdict == StagedVerdict::passed) {
    auto condition = *staging_of(backup);
    condition.reason = is_everywhere(facts) ? copied_reason : "Verified";
    auto name = staged_verification(backup, {}).metadata.key().text();
    condition.message = "passed verification " + name + describe_copies(facts, obstacles);
    TRY(tell(backup, std::move(condition), stop));
  }
  if (step.act == StagingAct::expire) {
    TRY(expire(backup, stop));
    return Action::await_change();
  }
  if (!obstacles.empty()) return Action::requeue(look_period);
  if (!step.next) return Action::requeue(longest_pause);
  return Action::requeue(std::min<std::chrono::nanoseconds>(*step.next - now, longest_pause));
}

Result<StagedVerdict> StagingReconciler::find_verdict(StagedBackup& backup, std::stop_token stop) {
  const auto* known = staging_of(backup);
  if (known != nullptr && known->status != api::ConditionStatus::unknown) {
    bool passed = known->status == api::ConditionStatus::yes;
    return passed ? StagedVerdict::passed : StagedVerdict::failed;
  }
  auto key = staged_verification(backup, {}).metadata.key();
  auto document =
      world_.client.get(api::kind_info<api::VerificationSession>().resource(), key, stop);
  if (document.failed_with(ErrorCode::not_found)) return StagedVerdict::none;
  if (!document) return fail(std::move(document).error());
  auto session = TRY(api::decode<api::VerificationSession>(*document));
  auto condition = condition_of(session);
  if (!condition) return StagedVerdict::running;
  bool passed = condition->status == api::ConditionStatus::yes;
  kube::EventNote event{
      .severity = passed ? kube::EventSeverity::normal : kube::EventSeverity::warning,
      .reason = passed ? "StagingPassed" : "StagingFailed",
      .action = "Staging",
      .message = fmt::format("backup {}: {}", backup.snapshot.metadata.name, condition->message)};
  TRY(tell(backup, std::move(*condition), stop));
  world_.events.record(backup.snapshot.source, event);
  world_.events.record(backup.plan.source, event);
  return passed ? StagedVerdict::passed : StagedVerdict::failed;
}

Result<api::VerificationSettings> StagingReconciler::settings_of(const StagedBackup& backup) const {
  const auto& reference = backup.staging().verifier;
  if (!reference) return api::VerificationSettings{};
  kube::ObjectKey key{backup.plan.metadata.namespace_name, reference->name};
  return TRY(find_object<api::BackupVerifier>(world_.stores.verifiers, key)).spec.verification;
}

Result<std::string> StagingReconciler::verify(StagedBackup& backup, std::stop_token stop) {
  auto settings = settings_of(backup);
  if (!settings) {
    auto message = settings.error().message();
    TRY(tell(backup,
             condition_with(api::ConditionStatus::unknown, api::reason::reference_missing,
                            "it is on the stage and cannot be verified: " + message),
             std::move(stop)));
    return message;
  }
  auto session = staged_verification(backup, std::move(*settings));
  TRY(kube::ensure_created(world_.client, api::kind_info<api::VerificationSession>().resource(),
                           api::encode(session), std::move(stop)));
  return std::string();
}

Result<std::vector<api::CopySession>> StagingReconciler::load_copies(const StagedBackup& backup,
                                                                     std::stop_token stop) {
  kube::ListOptions options{.namespace_name = backup.snapshot.metadata.namespace_name};
  options.label_selector =
      fmt::format("{}={}", api::label::staged_backup, backup.snapshot.metadata.uid);
  std::vector<api::CopySession> sessions;
  const auto resource = api::kind_info<api::CopySession>().resource();
  for (const auto& document :
       TRY(kube::list_all(world_.client, resource, options, std::move(stop)))) {
    sessions.push_back(TRY(api::decode<api::CopySession>(document)));
  }
  return sessions;
}

Result<std::string> StagingReconciler::copy(const StagedBackup& backup, const StagedFacts& facts,
                                            const std::vector<std::string>& storages,
                                            std::stop_token stop) {
  std::string obstacles;
  for (const auto& storage : TRY(storages_of(world_, backup.plan))) {
    auto name = storage.metadata.key().text();
    if (std::ranges::count(storages, name) == 0) continue;
    auto space = check_copy_space(world_, backup.plan, backup.snapshot, storage);
    if (space.verdict == SpaceVerdict::insufficient) {
      obstacles += fmt::format("{}not to {}: {}", obstacles.empty() ? "" : "; ", name,
                               describe_refusal(space));
      continue;
    }
    auto attempts = std::ranges::find(facts.copies, name, &StagedCopy::storage)->attempts;
    TRY(start_copy(backup, storage.metadata.key(), attempts, stop));
  }
  return obstacles;
}

Result<> StagingReconciler::start_copy(const StagedBackup& backup, const kube::ObjectKey& storage,
                                       int attempt, std::stop_token stop) {
  // Somebody may have deleted an earlier session: then its successors have these names.
  for (int last = attempt + max_name_gaps; attempt <= last; ++attempt) {
    auto session = staged_copy(backup, storage, attempt);
    auto created = world_.client.create(api::kind_info<api::CopySession>().resource(),
                                        api::encode(session), {}, stop);
    if (created) return {};
    if (created.code() != ErrorCode::already_exists) return fail(std::move(created).error());
  }
  return {};
}

Result<> StagingReconciler::mark_copies(const StagedBackup& backup,
                                        const std::vector<api::CopySession>& sessions,
                                        std::stop_token stop) {
  for (const auto& session : sessions) {
    for (const auto& copied : session.status.backups) {
      kube::ObjectKey key{session.metadata.namespace_name, copied.copy};
      if (copied.copy.empty() || world_.stores.snapshots.find(key) == nullptr) continue;
      auto copy = TRY(find_object<api::Snapshot>(world_.stores.snapshots, key));
      TRY(mark_copy(backup.snapshot.status, copy, stop));
    }
  }
  return {};
}

Result<> StagingReconciler::mark_copy(const api::SnapshotStatus& staged, const api::Snapshot& copy,
                                      std::stop_token stop) {
  // It holds retention as long as a person has not accepted it, also when the stage is empty again.
  const auto* unusual = api::find_condition(staged.conditions, api::condition::data_looks_unusual);
  if (unusual != nullptr) TRY(apply_condition(world_, copy, *unusual, anomaly_manager, stop));
  const auto& verification = staged.verification;
  if (!verification || !verification->verified || copy.status.verification) return {};
  auto message = fmt::format("{} on the stage, before it was copied (session {})",
                             verification->how, verification->session);
  TRY(kube::apply_status(world_.client, api::kind_info<api::Snapshot>().resource(),
                         verdict_document(copy, *verification, message, world_.clock.now()),
                         {.field_manager = verdict_manager}, std::move(stop)));
  return {};
}

Result<> StagingReconciler::tell(StagedBackup& backup, api::Condition condition,
                                 std::stop_token stop) {
  TRY(apply_condition(world_, backup.snapshot, condition, manager, stop));
  api::set_condition(backup.snapshot.status.conditions, condition, world_.clock.now());
  const auto& status = backup.snapshot.status;
  kube::ObjectKey key{backup.snapshot.metadata.namespace_name, status.session};
  auto session = find_object<api::BackupSession>(world_.stores.backup_sessions, key);
  if (!session || !is_final(session->status.phase)) return {};
  auto told = apply_condition(world_, *session, std::move(condition), manager, std::move(stop));
  return told.failed_with(ErrorCode::not_found) ? Result<>() : told;
}

Result<> StagingReconciler::expire(const StagedBackup& backup, std::stop_token stop) {
  log_info("a staged backup has expired", {{"backup", backup.snapshot.metadata.key().text()},
                                           {"plan", backup.plan.metadata.key().text()}});
  for (const auto& session : TRY(load_copies(backup, stop))) {
    TRY(kube::ensure_removed(world_.client, api::kind_info<api::CopySession>().resource(),
                             session.metadata.key(), {.uid = session.metadata.uid}, stop));
  }
  auto verification = staged_verification(backup, {}).metadata.key();
  TRY(kube::ensure_removed(world_.client, api::kind_info<api::VerificationSession>().resource(),
                           verification, {}, stop));
  // Its condition may have been written just now.
  auto newest = TRY(load_newest<api::Snapshot>(world_, backup.snapshot.source, stop));
  return newest ? applications::delete_backup(world_.client, *newest, std::move(stop)) : Result<>();
}

}  // namespace dmaas::controller
