#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/time_zone.hpp"

namespace dmaas {

/// A cron schedule in a time zone. Immutable, thread-safe.
///
/// Five fields: minute, hour, day of month, month, day of week, each a list of `*`, values, ranges
/// and steps: "*/15 8-18 * * mon-fri". Months and days of the week also by English names; Sunday is
/// 0 and 7; `?` is `*`; "5/20" begins at 5. When day of month and day of week are both restricted,
/// either suffices, as everywhere. Also @hourly, @daily, @midnight, @weekly, @monthly, @yearly,
/// @annually.
///
/// When clocks change, a schedule for certain hours runs once per day and time: a time that is
/// skipped runs at the moment of the change, one that comes twice runs the first time only. A
/// schedule for every hour follows elapsed time: nothing is made up, nothing is left out.
class CronSchedule {
public:
  /// `time_zone` is a name of the system's time zone database; "" is UTC. Errors: invalid_input
  /// (names the wrong field; a schedule that never happens; an unknown zone).
  static Result<CronSchedule> parse(std::string_view expression, std::string_view time_zone = {});

  /// The first time after `time`, to the minute. Always in the next 9 years.
  Timestamp next_after(Timestamp time) const;

private:
  CronSchedule() = default;
  std::optional<Timestamp> find_after(Timestamp time) const;
  bool matches_day(std::chrono::sys_days day) const;
  std::optional<Timestamp> first_of_day(std::chrono::sys_days day, Timestamp after) const;

  std::uint64_t minutes_ = 0;
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;
  std::uint64_t months_ = 0;
  std::uint64_t weekdays_ = 0;
  bool any_day_ = false;
  bool any_weekday_ = false;
  const date::time_zone* zone_ = nullptr;  // null: UTC
};

}  // namespace dmaas
