#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace dmaas {

/// RFC 3339 in UTC with seconds, as Kubernetes writes it: "2026-01-02T03:04:05Z".
std::string format_seconds(Timestamp time);
/// RFC 3339 in UTC with up to 9 fraction digits, trailing zeros cut, as Go's RFC3339Nano:
/// "2026-01-02T03:04:05.5Z". Years are clamped to 0000..9999.
std::string format_nanoseconds(Timestamp time);
/// UTC as "20260102-030405", for names.
std::string format_compact(Timestamp time);
/// Accepts any offset and 0..9 fraction digits. Errors: invalid_input.
Result<Timestamp> parse_timestamp(std::string_view text);

/// Go's form of durations: "1h30m", "90s", "250ms", also days as "3d". Errors: invalid_input.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// Shortest exact form in h, m, s: "1h30m", "90s" becomes "1m30s", "0s".
std::string format_duration(std::chrono::nanoseconds duration);

}  // namespace dmaas
