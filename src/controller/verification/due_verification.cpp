#include "controller/verification/due_verification.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/verification_session.hpp"
#include "controller/plan/next_run.hpp"

namespace dmaas::controller {

Result<DueVerification> find_due_verification(const api::BackupVerifier& verifier, Timestamp now) {
  api::BackupRun run;
  run.schedule = verifier.spec.schedule;
  run.time_zone = verifier.spec.time_zone;
  RunPast past{.since = verifier.metadata.creation_time.value_or(now),
               .last = verifier.status.last_scheduled_time};
  auto found = TRY(find_due_run(run, past, now));
  return DueVerification{found.due, found.next, found.went_back_to};
}

bool is_new_backup(const api::BackupVerifier& verifier, const api::VerifierResult& known,
                   Timestamp backup) {
  if (!verifier.spec.after_backup) return false;
  if (verifier.metadata.creation_time && backup < *verifier.metadata.creation_time) return false;
  return !known.last_backup_time || backup > *known.last_backup_time;
}

api::VerifierResult& result_of(api::BackupVerifierStatus& status, const std::string& repository) {
  auto found = std::ranges::find(status.results, repository, &api::VerifierResult::repository);
  if (found != status.results.end()) return *found;
  return status.results.emplace_back(api::VerifierResult{.repository = repository});
}

void summarise_results(api::BackupVerifierStatus& status, Timestamp now) {
  auto has_ended = [](const api::VerifierResult& result) { return !result.phase.empty(); };
  auto is_bad = [&](const api::VerifierResult& result) {
    return has_ended(result) && result.phase != name_of(api::VerificationPhase::succeeded);
  };
  auto ended = std::ranges::count_if(status.results, has_ended);
  if (ended == 0) return;
  auto bad = std::ranges::count_if(status.results, is_bad);
  auto message = fmt::format("the last verification of {} repositories succeeded", ended);
  if (bad > 0) {
    const auto& first = *std::ranges::find_if(status.results, is_bad);
    message = fmt::format(
        "the last verification of {} of {} repositories did not succeed, the "
        "first is {}: {}",
        bad, ended, first.repository, first.message);
  }
  api::set_condition(status.conditions,
                     {.type = std::string(api::condition::verified),
                      .status = bad == 0 ? api::ConditionStatus::yes : api::ConditionStatus::no,
                      .reason = bad == 0 ? "Verified" : "VerificationFailed",
                      .message = std::move(message)},
                     now);
}

}  // namespace dmaas::controller
