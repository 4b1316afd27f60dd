#include "base/calendar.hpp"

#include <chrono>

namespace dmaas {
namespace {

/// A number that two times share when they lie in the same unit.
std::int64_t number_of(CalendarUnit unit, Timestamp time) {
  using namespace std::chrono;
  auto day = floor<days>(time);
  year_month_day date{day};
  switch (unit) {
    case CalendarUnit::hour:
      return floor<hours>(time).time_since_epoch().count();
    case CalendarUnit::day:
      return day.time_since_epoch().count();
    case CalendarUnit::week:  // day 0 of the epoch was a Thursday
      return floor<weeks>(day + days{3}).time_since_epoch().count();
    case CalendarUnit::month:
      return static_cast<int>(date.year()) * 12L + static_cast<unsigned>(date.month());
    case CalendarUnit::year:
      break;
  }
  return static_cast<int>(date.year());
}

}  // namespace

bool NewestOfEach::keeps(Timestamp shown, bool is_oldest) {
  auto number = number_of(unit_, shown);
  if (left_ == 0 || (number == last_ && !is_oldest)) return false;
  last_ = number;
  if (left_ != no_limit) --left_;
  return true;
}

}  // namespace dmaas
