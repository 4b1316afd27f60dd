#include "controller/maintenance/due_maintenance.hpp"

#include "base/cron.hpp"

namespace dmaas::controller {

namespace {

/// No postponement is longer, and no clock that is kept right goes back by so much.
constexpr std::chrono::hours foreseeable{1};

/// It was written down by a clock that has been set back since: nobody may wait for it.
bool is_of_a_wrong_clock(Timestamp time, Timestamp now) {
  return time > now + foreseeable;
}

}  // namespace

Result<DueMaintenance> find_due_maintenance(const api::MaintenanceSettings& settings,
                                            const api::MaintenanceStatus& status,
                                            const MaintenanceReasons& reasons, Timestamp now) {
  if (!reasons.request.empty() && reasons.request != status.last_request)
    return DueMaintenance{.is_due = true};
  std::optional<Timestamp> due;
  if (!settings.schedule.empty()) {
    auto schedule = TRY(CronSchedule::parse(settings.schedule, settings.time_zone));
    auto last = status.completion_time.value_or(reasons.creation);
    due = is_of_a_wrong_clock(last, now) ? now : schedule.next_after(last);
  }
  bool is_owed = reasons.erasures > 0 || status.outcome == api::MaintenanceOutcome::failed;
  if (is_owed) due = now;
  if (due && status.postponed_until && !is_of_a_wrong_clock(*status.postponed_until, now))
    due = std::max(*due, *status.postponed_until);
  return DueMaintenance{.is_due = due && *due <= now, .next = due};
}

}  // namespace dmaas::controller
