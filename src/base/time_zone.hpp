#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace date {
class time_zone;
}

namespace dmaas {

/// A zone of the system's time zone database, which outlives everybody; null is UTC, and so is the
/// name "". Errors: invalid_input.
Result<const date::time_zone*> find_time_zone(std::string_view name);

/// What clocks in `zone` show at `time`, as if they showed UTC: for calendars, not for differences.
Timestamp wall_time(const date::time_zone* zone, Timestamp time);

}  // namespace dmaas
