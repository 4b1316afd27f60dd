#include "controller/plan/next_run.hpp"

#include "base/cron.hpp"

namespace dmaas::controller {

Result<DueRun> find_due_run(const api::BackupRun& run, Timestamp last, Timestamp now) {
  if (run.schedule.empty()) return DueRun{};
  auto schedule = TRY(CronSchedule::parse(run.schedule, run.time_zone));
  DueRun result{.due = {}, .next = schedule.next_after(last)};
  // A week of missed minutes is 10,000 steps; more than that begins anew a week ago.
  auto oldest = now - std::chrono::days{7};
  if (*result.next < oldest) result.next = schedule.next_after(oldest);
  while (*result.next <= now) {
    result.due = result.next;
    result.next = schedule.next_after(*result.next);
  }
  return result;
}

}  // namespace dmaas::controller
