#include "controller/verification/verification_status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/conditions.hpp"
#include "base/time_text.hpp"

namespace dmaas::controller {

using api::StageState;
using api::VerificationPhase;

namespace {

constexpr std::string_view restore_failed = "RestoreFailed";
constexpr std::string_view launch_failed = "LaunchFailed";
constexpr std::string_view checks_failed = "ChecksFailed";
constexpr std::string_view not_verified = "NotVerified";

std::string_view step_of(VerificationPhase phase) {
  switch (phase) {
    case VerificationPhase::restoring:
      return verification_step::restore;
    case VerificationPhase::launching:
      return verification_step::launch;
    case VerificationPhase::checking:
      return verification_step::check;
    case VerificationPhase::pending:
    case VerificationPhase::isolating:
      return verification_step::isolate;
    default:
      return verification_step::clean_up;
  }
}

std::string_view reason_of(VerificationPhase phase) {
  switch (phase) {
    case VerificationPhase::restoring:
      return restore_failed;
    case VerificationPhase::launching:
      return launch_failed;
    case VerificationPhase::checking:
      return checks_failed;
    default:
      return not_verified;
  }
}

/// Of the present phase; made with all others at the first call.
api::StageStatus& present_step(api::VerificationSessionStatus& status) {
  if (status.steps.empty()) {
    for (auto name :
         {verification_step::isolate, verification_step::restore, verification_step::launch,
          verification_step::check, verification_step::clean_up})
      status.steps.push_back({.name = std::string(name)});
  }
  return *std::ranges::find(status.steps, step_of(status.phase), &api::StageStatus::name);
}

void set_step(api::VerificationSessionStatus& status, StageState state, std::string message,
              Timestamp now) {
  auto& step = present_step(status);
  if (!step.start_time) step.start_time = now;
  if (state != StageState::running && !step.completion_time) step.completion_time = now;
  step.state = state;
  step.message = std::move(message);
}

void fail_with(api::VerificationSessionStatus& status, std::string_view reason, std::string message,
               Timestamp now) {
  if (has_failed(status)) return;
  set_step(status, StageState::failed, message, now);
  status.message = message;
  api::set_condition(status.conditions,
                     {.type = std::string(api::condition::failed),
                      .status = api::ConditionStatus::yes,
                      .reason = std::string(reason),
                      .message = std::move(message)},
                     now);
  enter_phase(status, VerificationPhase::cleaning_up, now);
}

const api::Condition* failure_of(const api::VerificationSessionStatus& status) {
  return api::find_condition(status.conditions, api::condition::failed);
}

/// The backup was tried and did not do.
bool is_about_the_backup(const api::Condition& failure) {
  return failure.reason == restore_failed || failure.reason == launch_failed ||
         failure.reason == checks_failed;
}

/// To whole seconds, as people read it.
std::string seconds_text(std::chrono::nanoseconds duration) {
  return format_duration(std::chrono::round<std::chrono::seconds>(duration));
}

std::string how_of(const api::VerificationSession& session) {
  auto count = session.spec.verification.checks.size();
  return fmt::format("{}{}",
                     session.spec.verification.manifest ? "manifest launched on restored volumes"
                     : session.spec.verification.helm   ? "chart launched on restored volumes"
                                                        : "restored",
                     count == 0 ? "" : fmt::format(", {} checks", count));
}

}  // namespace

void enter_phase(api::VerificationSessionStatus& status, VerificationPhase phase, Timestamp now) {
  status.phase = phase;
  if (!is_final(phase)) set_step(status, StageState::running, "", now);
}

void note_step(api::VerificationSessionStatus& status, std::string message, Timestamp now) {
  status.message = message;
  set_step(status, StageState::running, std::move(message), now);
}

void end_step(api::VerificationSessionStatus& status, std::string message, Timestamp now) {
  status.message.clear();
  set_step(status, StageState::succeeded, std::move(message), now);
}

void note_verification_failure(api::VerificationSessionStatus& status, std::string message,
                               Timestamp now) {
  fail_with(status, reason_of(status.phase), std::move(message), now);
}

void note_verification_cancelled(api::VerificationSessionStatus& status, Timestamp now) {
  if (status.phase == VerificationPhase::cleaning_up) return;
  fail_with(status, api::reason::cancelled, "the session was deleted", now);
}

bool has_failed(const api::VerificationSessionStatus& status) {
  return failure_of(status) != nullptr;
}

bool is_kept(const api::VerificationSession& session) {
  const auto* failure = failure_of(session.status);
  return session.spec.verification.keep_on_failure && failure != nullptr &&
         is_about_the_backup(*failure) && !session.metadata.deletion_time;
}

std::optional<api::SnapshotVerification> verdict_of(const api::VerificationSession& session,
                                                    Timestamp now) {
  const auto& status = session.status;
  const auto* failure = failure_of(status);
  if (status.snapshot.empty() || (failure != nullptr && !is_about_the_backup(*failure)))
    return std::nullopt;
  return api::SnapshotVerification{.verified = failure == nullptr,
                                   .time = now,
                                   .session = session.metadata.key().text(),
                                   .how = how_of(session),
                                   .time_to_recover = status.time_to_recover};
}

void list_checks(api::VerificationSession& session) {
  auto& results = session.status.checks;
  for (const auto& check : session.spec.verification.checks) {
    if (std::ranges::find(results, check.name, &api::CheckResult::name) == results.end())
      results.push_back({.name = check.name});
  }
}

std::string describe_failed_checks(const api::VerificationSessionStatus& status) {
  auto is_failed = [](const api::CheckResult& check) { return check.state == StageState::failed; };
  auto count = std::ranges::count_if(status.checks, is_failed);
  if (count == 0) return {};
  const auto& first = *std::ranges::find_if(status.checks, is_failed);
  return fmt::format("{} of {} checks failed, the first is {}: {}", count, status.checks.size(),
                     first.name, first.message);
}

void finish_verification(api::VerificationSession& session, Timestamp now) {
  auto& status = session.status;
  status.completion_time = now;
  const auto* failure = failure_of(status);
  bool is_cancelled = failure != nullptr && failure->reason == api::reason::cancelled;
  set_step(
      status, StageState::succeeded,
      status.scratch_namespace_uid.empty() ? "nothing remains" : "the scratch namespace is kept",
      now);
  if (failure != nullptr) {
    status.message = failure->message;
    status.phase = is_cancelled ? VerificationPhase::cancelled : VerificationPhase::failed;
    if (!status.scratch_namespace_uid.empty()) {
      status.message += fmt::format("; namespace {} is kept until the session is deleted",
                                    status.scratch_namespace);
    }
  } else {
    status.message = fmt::format(
        "recovered in {} with data {} old{}",
        seconds_text(status.time_to_recover.value_or(std::chrono::nanoseconds{0})),
        seconds_text(status.recovery_point.value_or(std::chrono::nanoseconds{0})),
        status.checks.empty() ? "" : fmt::format("; {} checks passed", status.checks.size()));
    status.phase = VerificationPhase::succeeded;
    api::set_condition(status.conditions,
                       {.type = std::string(api::condition::complete),
                        .status = api::ConditionStatus::yes,
                        .reason = std::string(api::reason::succeeded),
                        .message = status.message},
                       now);
  }
  for (auto& step : status.steps) {
    if (step.state == StageState::pending) step.state = StageState::skipped;
  }
}

}  // namespace dmaas::controller
