#include "controller/plan/decide_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

using api::BackupPhase;
using api::BackupSession;

constexpr std::chrono::minutes first_retry_pause{1};
constexpr std::chrono::minutes longest_retry_pause{60};

std::chrono::minutes retry_pause(std::int32_t attempts) {
  auto pause = first_retry_pause;
  for (int i = 0; i < attempts && pause < longest_retry_pause; ++i) pause *= 2;
  return std::min(pause, longest_retry_pause);
}

bool is_of(const BackupSession& session, const api::BackupRun& run) {
  return session.spec.run == run.name;
}

const BackupSession* find_running(const std::vector<BackupSession>& sessions) {
  auto found = std::ranges::find_if(
      sessions, [](const auto& session) { return !is_final(session.status.phase); });
  return found == sessions.end() ? nullptr : &*found;
}

const BackupSession* find_waiting(const std::vector<BackupSession>& sessions,
                                  const api::BackupRun& run) {
  auto found = std::ranges::find_if(sessions, [&](const auto& session) {
    return is_of(session, run) && session.status.phase == BackupPhase::pending;
  });
  return found == sessions.end() ? nullptr : &*found;
}

/// The session of this time is there: it was started by a process that ended before it wrote that
/// down.
bool is_started(const std::vector<BackupSession>& sessions, const api::BackupRun& run,
                Timestamp time) {
  return std::ranges::any_of(sessions, [&](const auto& session) {
    return is_of(session, run) && session.spec.scheduled_time == time && session.spec.attempt == 0;
  });
}

bool is_late(const api::BackupRun& run, Timestamp start, Timestamp now) {
  return run.start_deadline && now - start > *run.start_deadline;
}

/// Why a due time is skipped; nothing when it is not.
std::optional<api::SkippedStart> find_skip(const api::BackupRun& run, const RunPast& past,
                                           const DueRun& found,
                                           const std::vector<BackupSession>& sessions,
                                           Timestamp now) {
  if (is_started(sessions, run, *found.due)) return std::nullopt;
  // The first one at once is not late: the plan could not run before.
  bool is_first_at_once = run.starts_at_once() && !past.last;
  if (auto late = find_late(run, found, now); late && !is_first_at_once) return late;
  bool forbids = run.concurrency == api::Concurrency::forbid;
  const auto* other = forbids ? find_running(sessions) : find_waiting(sessions, run);
  if (other == nullptr) return std::nullopt;
  if (forbids) {
    return api::SkippedStart{
        *found.due, "SkippedBecauseRunning",
        fmt::format("session {} was not over, and concurrency is Forbid", other->metadata.name)};
  }
  return api::SkippedStart{
      *found.due, "SkippedBecauseQueued",
      fmt::format("session {} of the same run has not begun yet", other->metadata.name)};
}

struct Retry {
  Timestamp start;
  SessionWish session;
};

/// Only what was started last is tried again: what came after a failure has made up for it, and
/// what was cancelled is not there any more.
std::optional<Retry> find_retry(const api::BackupRun& run, const RunPast& past,
                                const std::vector<BackupSession>& sessions) {
  auto newest =
      std::ranges::find_if(sessions, [&](const auto& session) { return is_of(session, run); });
  if (newest == sessions.end()) return std::nullopt;
  const auto& [spec, status] = std::tie(newest->spec, newest->status);
  bool has_failed = status.phase == BackupPhase::failed && !newest->metadata.deletion_time;
  bool was_last = spec.scheduled_time && spec.scheduled_time == past.last_started &&
                  spec.attempt >= past.last_attempt;
  if (!has_failed || !was_last || !status.completion_time || spec.attempt >= run.retries)
    return std::nullopt;
  return Retry{*status.completion_time + retry_pause(spec.attempt),
               {*spec.scheduled_time, newest->metadata.name, spec.attempt + 1}};
}

}  // namespace

std::optional<api::SkippedStart> find_late(const api::BackupRun& run, const DueRun& found,
                                           Timestamp now) {
  if (!found.due || !is_late(run, *found.start, now)) return std::nullopt;
  return api::SkippedStart{
      *found.due, "SkippedBecauseLate",
      fmt::format("it could not start at {}, and startDeadline is {}", format_seconds(*found.start),
                  format_duration(*run.start_deadline))};
}

Result<RunDecision> decide_run(const api::BackupRun& run, const RunPast& past,
                               const std::vector<BackupSession>& sessions, Timestamp now) {
  auto found = TRY(find_due_run(run, past, now));
  RunDecision decision{.next = found.next, .went_back_to = found.went_back_to};
  if (found.due) {
    decision.skipped = find_skip(run, past, found, sessions, now);
    if (!decision.skipped) decision.session = SessionWish{.time = *found.due};
    return decision;
  }
  auto retry = run.is_timed() ? find_retry(run, past, sessions) : std::nullopt;
  if (!retry || is_late(run, retry->start, now)) return decision;
  if (retry->start > now) {
    decision.next = std::min(*decision.next, retry->start);
    return decision;
  }
  // One that is in the way wakes the plan when it ends.
  bool has_to_wait = run.concurrency == api::Concurrency::forbid && find_running(sessions);
  if (!has_to_wait) decision.session = retry->session;
  return decision;
}

}  // namespace dmaas::controller
