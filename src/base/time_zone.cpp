#include "base/time_zone.hpp"

#include <date/tz.h>
#include <fmt/format.h>

namespace dmaas {

Result<const date::time_zone*> find_time_zone(std::string_view name) {
  if (name.empty() || name == "UTC") return nullptr;
  try {
    return date::locate_zone(name);
  } catch (const std::exception&) {
    return fail(ErrorCode::invalid_input,
                fmt::format("'{}' is not a time zone; use a name such as Europe/Berlin", name));
  }
}

Timestamp wall_time(const date::time_zone* zone, Timestamp time) {
  if (zone == nullptr) return time;
  return time + zone->get_info(std::chrono::floor<std::chrono::seconds>(time)).offset;
}

}  // namespace dmaas
