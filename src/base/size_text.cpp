#include "base/size_text.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace dmaas {

std::string format_bytes(std::int64_t bytes, int decimals) {
  constexpr std::array<std::string_view, 5> units{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  return fmt::format("{:.{}f} {}", value, decimals, units[unit]);
}

}  // namespace dmaas
