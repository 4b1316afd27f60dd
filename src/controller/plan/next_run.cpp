#include "controller/plan/next_run.hpp"

#include <fmt/format.h>

#include "base/cron.hpp"
#include "crypto/sha256.hpp"

namespace dmaas::controller {
namespace {

/// Of missed times that are older, one is looked at: a day of minutes is 1,440 steps.
constexpr std::chrono::days looked_at{1};

/// The scheduled times of a run.
class Times {
public:
  /// `anchor` is one of the times of an interval.
  static Result<Times> of(const api::BackupRun& run, Timestamp anchor) {
    Times times;
    times.anchor_ = anchor;
    if (run.interval) {
      times.interval_ = *run.interval;
    } else {
      times.cron_ = TRY(CronSchedule::parse(run.schedule, run.time_zone));
    }
    return times;
  }

  Timestamp next_after(Timestamp time) const {
    return cron_ ? cron_->next_after(time) : last_until(time) + interval_;
  }
  /// A moment not after `time` from which `next_after` goes on as it would from `time`; of an
  /// interval one of its times.
  Timestamp last_until(Timestamp time) const {
    if (cron_) return time;
    auto passed = time - anchor_;
    auto periods = passed / interval_ - (passed % interval_ < std::chrono::nanoseconds{0} ? 1 : 0);
    return anchor_ + periods * interval_;
  }

private:
  std::optional<CronSchedule> cron_{};
  std::chrono::nanoseconds interval_{1};
  Timestamp anchor_{};
};

Timestamp first_of(const api::BackupRun& run, const Times& times, Timestamp since) {
  return run.starts_at_once() ? since : times.next_after(since);
}

}  // namespace

std::chrono::seconds spread(std::string_view text, std::chrono::seconds limit) {
  auto digest = crypto::sha256(bytes_of(text));
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest[i];
  return std::chrono::seconds{
      static_cast<std::int64_t>(number % static_cast<std::uint64_t>(limit.count()))};
}

std::chrono::seconds jitter_of(const api::BackupRun& run, const std::string& plan_uid,
                               Timestamp time) {
  auto limit = std::chrono::floor<std::chrono::seconds>(run.jitter);
  if (limit <= std::chrono::seconds{0}) return std::chrono::seconds{0};
  return spread(
      fmt::format("{}/{}/{}", plan_uid, run.name,
                  std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()),
      limit);
}

Result<DueRun> find_due_run(const api::BackupRun& run, const RunPast& past, Timestamp now) {
  if (!run.is_timed()) return DueRun{};
  auto times = TRY(Times::of(run, past.last.value_or(past.since)));
  auto start_of = [&](Timestamp time) { return time + jitter_of(run, past.plan_uid, time); };
  DueRun result;
  auto next = past.last ? times.next_after(*past.last) : first_of(run, times, past.since);
  if (past.last && *past.last - now > next - *past.last) {
    result.went_back_to = times.last_until(now);
    next = times.next_after(*result.went_back_to);
  }
  auto oldest = now - looked_at;
  while (start_of(next) <= now) {
    result.due = next;
    next = times.next_after(std::max(next, oldest));
  }
  if (result.due) result.start = start_of(*result.due);
  result.next = start_of(next);
  return result;
}

}  // namespace dmaas::controller
