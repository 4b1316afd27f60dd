#include "base/cron.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <span>
#include <string>
#include <vector>

namespace dmaas {
namespace {

using std::chrono::minutes;
using std::chrono::sys_days;

// 29 February is at most 8 years away.
constexpr int longest_search_days = 9 * 366;
constexpr std::size_t max_expression_bytes = 200;

struct FieldKind {
  std::string_view name;
  int first;
  int last;
  std::span<const std::string_view> names;  // of values from `first` on
};

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed",
                                                        "thu", "fri", "sat"};
const std::array<FieldKind, 5> kinds{{{"minute", 0, 59, {}},
                                      {"hour", 0, 23, {}},
                                      {"day of month", 1, 31, {}},
                                      {"month", 1, 12, month_names},
                                      {"day of week", 0, 7, weekday_names}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> shortcuts{{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

struct ParsedField {
  std::uint64_t values = 0;
  bool any = false;  // '*' alone
};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    auto end = std::min(text.find_first_of(separators), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> words(std::string_view text) {
  auto parts = split(text, " \t");
  std::erase(parts, std::string_view{});
  return parts;
}

std::optional<int> parse_value(std::string_view text, const FieldKind& kind) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  auto named = std::ranges::find(kind.names, lower);
  if (named != kind.names.end()) return kind.first + static_cast<int>(named - kind.names.begin());
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || value < kind.first || value > kind.last) return std::nullopt;
  return value;
}

/// "*", "5", "1-5", "*/10", "1-20/5", "5/20"
std::optional<ParsedField> parse_part(std::string_view part, const FieldKind& kind) {
  auto slash = split(part, "/");
  auto bounds = split(slash[0], "-");
  if (slash.size() > 2 || bounds.size() > 2) return std::nullopt;

  bool star = slash[0] == "*" || slash[0] == "?";
  auto first = star ? kind.first : parse_value(bounds[0], kind);
  auto last = star || slash.size() == 2 ? kind.last : first;
  if (bounds.size() == 2) last = parse_value(bounds[1], kind);
  int step = 1;
  if (slash.size() == 2) {
    auto parsed = parse_value(slash[1], {"step", 1, kind.last, {}});
    if (!parsed) return std::nullopt;
    step = *parsed;
  }
  if (!first || !last || *first > *last) return std::nullopt;

  ParsedField field{.any = star && step == 1};
  for (int value = *first; value <= *last; value += step) field.values |= 1ULL << value;
  return field;
}

Result<ParsedField> parse_field(std::string_view text, const FieldKind& kind) {
  ParsedField all;
  for (auto part : split(text, ",")) {
    auto field = parse_part(part, kind);
    if (!field) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("{} '{}' does not fit: write values {}-{}, lists, ranges or steps, "
                              "such as *, 1-5 or */10",
                              kind.name, text, kind.first, kind.last));
    }
    all.values |= field->values;
    all.any = all.any || field->any;
  }
  return all;
}

struct LocalMoments {
  std::array<std::optional<Timestamp>, 2> times;
};

/// The moments at which clocks in `zone` show `local`: none, one or two; see the class for the
/// rules.
LocalMoments moments_of(const date::time_zone* zone, sys_days day, minutes time, bool every_hour) {
  if (zone == nullptr) return {{Timestamp{day + time}, std::nullopt}};
  date::local_seconds local{(day + time).time_since_epoch()};
  auto info = zone->get_info(local);
  auto at = [&](std::chrono::seconds offset) {
    return Timestamp{local.time_since_epoch() - offset};
  };
  if (info.result == date::local_info::unique) return {{at(info.first.offset), std::nullopt}};
  if (info.result == date::local_info::nonexistent) {
    if (every_hour) return {};
    return {{Timestamp{info.first.end.time_since_epoch()}, std::nullopt}};
  }
  LocalMoments both{{at(info.first.offset), at(info.second.offset)}};
  if (!every_hour) both.times[1].reset();
  return both;
}

bool has(std::uint64_t set, int value) {
  return (set >> value & 1) != 0;
}

}  // namespace

Result<CronSchedule> CronSchedule::parse(std::string_view expression, std::string_view time_zone) {
  auto shortcut = std::ranges::find(shortcuts, expression,
                                    &std::pair<std::string_view, std::string_view>::first);
  auto fields = words(shortcut == shortcuts.end() ? expression : shortcut->second);
  if (fields.size() != kinds.size() || expression.size() > max_expression_bytes) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("'{}' is not a schedule: write five fields (minute, hour, day of month, "
                    "month, day of week), such as 0 3 * * *, or @daily",
                    expression.substr(0, 64)));
  }
  std::array<ParsedField, 5> parsed;
  for (std::size_t i = 0; i < kinds.size(); ++i) parsed[i] = TRY(parse_field(fields[i], kinds[i]));

  CronSchedule schedule;
  schedule.minutes_ = parsed[0].values;
  schedule.hours_ = parsed[1].values;
  schedule.days_ = parsed[2].values;
  schedule.months_ = parsed[3].values;
  schedule.weekdays_ = parsed[4].values | (has(parsed[4].values, 7) ? 1 : 0);
  schedule.any_day_ = parsed[2].any;
  schedule.any_weekday_ = parsed[4].any;
  schedule.zone_ = TRY(find_time_zone(time_zone));
  if (!schedule.find_after(Timestamp{})) {
    return fail(ErrorCode::invalid_input,
                fmt::format("'{}' never happens: the month has no such day", expression));
  }
  return schedule;
}

Timestamp CronSchedule::next_after(Timestamp time) const {
  auto next = find_after(time);
  ENSURE(next.has_value());
  return *next;
}

std::optional<Timestamp> CronSchedule::find_after(Timestamp time) const {
  // A day earlier: a moment of yesterday's clock can lie after one of today's when a zone changes
  // days.
  auto day = std::chrono::floor<std::chrono::days>(wall_time(zone_, time)) - std::chrono::days{1};
  for (int searched = 0; searched < longest_search_days; ++searched, day += std::chrono::days{1}) {
    if (!matches_day(day)) continue;
    if (auto found = first_of_day(day, time)) return found;
  }
  return std::nullopt;
}

bool CronSchedule::matches_day(sys_days day) const {
  std::chrono::year_month_day date{day};
  if (!has(months_, static_cast<int>(static_cast<unsigned>(date.month())))) return false;
  bool by_date = has(days_, static_cast<int>(static_cast<unsigned>(date.day())));
  bool by_weekday = has(weekdays_, static_cast<int>(std::chrono::weekday{day}.c_encoding()));
  return any_day_ || any_weekday_ ? by_date && by_weekday : by_date || by_weekday;
}

std::optional<Timestamp> CronSchedule::first_of_day(sys_days day, Timestamp after) const {
  constexpr std::uint64_t every_hour = (1ULL << 24) - 1;
  std::optional<Timestamp> first;
  for (int minute = 0; minute < 24 * 60; ++minute) {
    if (!has(hours_, minute / 60) || !has(minutes_, minute % 60)) continue;
    for (const auto& moment : moments_of(zone_, day, minutes{minute}, hours_ == every_hour).times) {
      if (moment && *moment > after && (!first || *moment < *first)) first = moment;
    }
    if (first && zone_ == nullptr)
      break;  // without changes of clocks, later times are later moments
  }
  return first;
}

}  // namespace dmaas
