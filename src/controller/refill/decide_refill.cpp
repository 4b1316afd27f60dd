#include "controller/refill/decide_refill.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/plan/decide_run.hpp"
#include "controller/refill/refill_session.hpp"

namespace dmaas::controller {
namespace {

using Sessions = std::vector<api::RestoreSession>;

const api::RestoreSession* find_named(const Sessions& sessions, std::string_view name) {
  auto found = std::ranges::find_if(
      sessions, [&](const auto& session) { return session.metadata.name == name; });
  return found == sessions.end() ? nullptr : &*found;
}

const api::RestoreSession* find_running(const Sessions& sessions) {
  auto found = std::ranges::find_if(
      sessions, [](const auto& session) { return !is_final(session.status.stage); });
  return found == sessions.end() ? nullptr : &*found;
}

}  // namespace

Result<RefillDecision> decide_refill(const api::RestoreConfiguration& refill,
                                     const Sessions& sessions, Timestamp now) {
  auto times = refill.spec.times();
  const auto& last = refill.status.last_time;
  RunPast past{.since = refill.metadata.creation_time.value_or(now), .last = last};
  auto found = TRY(find_due_run(times, past, now));
  RefillDecision decision{.next = found.next, .went_back_to = found.went_back_to};
  if (!found.due) return decision;
  if (find_named(sessions, refill_session_name(refill, *found.due))) {
    decision.started = found.due;
    return decision;
  }
  // The first one at once is not late: nothing could run before.
  bool is_first_at_once = times.starts_at_once() && !last;
  if (!is_first_at_once) decision.skipped = find_late(times, found, now);
  const auto* running = find_running(sessions);
  if (!decision.skipped && running != nullptr) {
    decision.skipped =
        api::SkippedStart{*found.due, "SkippedBecauseRunning",
                          fmt::format("session {} was not over", running->metadata.name)};
  }
  if (!decision.skipped) decision.due = found.due;
  return decision;
}

bool is_unchanged(const api::RestoreConfiguration& refill, const Sessions& sessions,
                  std::string_view snapshot_id) {
  const auto& last = refill.status.last_restored;
  if (!last || last->snapshot_id != snapshot_id) return false;
  const auto* session = find_named(sessions, last->session);
  if (session == nullptr) return true;
  const api::RestoreTemplate& done = session->spec;
  return to_json(done) == to_json(refill.spec.session_template);
}

}  // namespace dmaas::controller
