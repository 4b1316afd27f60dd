#include "controller/maintenance/due_maintenance.hpp"

#include "base/cron.hpp"

namespace dmaas::controller {

Result<DueMaintenance> find_due_maintenance(const api::MaintenanceSettings& settings,
                                            const api::MaintenanceStatus& status,
                                            const MaintenanceReasons& reasons, Timestamp now) {
  if (!reasons.request.empty() && reasons.request != status.last_request)
    return DueMaintenance{.is_due = true};
  std::optional<Timestamp> due;
  if (!settings.schedule.empty()) {
    auto schedule = TRY(CronSchedule::parse(settings.schedule, settings.time_zone));
    due = schedule.next_after(status.completion_time.value_or(reasons.creation));
  }
  bool is_owed = reasons.erasures > 0 || status.outcome == api::MaintenanceOutcome::failed;
  if (is_owed) due = now;
  if (due && status.postponed_until) due = std::max(*due, *status.postponed_until);
  return DueMaintenance{.is_due = due && *due <= now, .next = due};
}

}  // namespace dmaas::controller
