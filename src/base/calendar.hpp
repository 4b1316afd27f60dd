#pragma once

#include <cstdint>
#include <limits>

#include "base/clock.hpp"

namespace dmaas {

/// Weeks begin on Monday.
enum class CalendarUnit { hour, day, week, month, year };

/// Keeps the newest of each of the newest `count` units that have any: the rule by which old
/// backups are thinned out. While fewer units have one, the oldest of all is kept as well, so that
/// a history grows to its full length.
class NewestOfEach {
public:
  static constexpr std::int32_t no_limit = -1;

  NewestOfEach(CalendarUnit unit, std::int32_t count) : unit_(unit), left_(count) {}

  /// To be asked in order, the newest first. `shown`: what clocks show, see `wall_time`.
  bool keeps(Timestamp shown, bool is_oldest);

private:
  CalendarUnit unit_;
  std::int32_t left_;
  std::int64_t last_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace dmaas
