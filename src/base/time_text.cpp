#include "base/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace dmaas {
namespace {

using std::chrono::nanoseconds;

struct CivilTime {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<nanoseconds> time;
};

CivilTime civil(Timestamp time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  return {std::chrono::year_month_day{day}, std::chrono::hh_mm_ss<nanoseconds>{time - day}};
}

std::string date_and_seconds(const CivilTime& t) {
  int year = std::clamp(static_cast<int>(t.date.year()), 0, 9999);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year,
                     static_cast<unsigned>(t.date.month()), static_cast<unsigned>(t.date.day()),
                     t.time.hours().count(), t.time.minutes().count(), t.time.seconds().count());
}

/// Reads exactly `digits` decimal digits at the front of `text` and removes them.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || end != text.data() + digits || text[0] == '-') return false;
  text.remove_prefix(digits);
  return true;
}

bool take_character(std::string_view& text, char wanted) {
  if (text.empty() || text[0] != wanted) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, nanoseconds& fraction) {
  if (!take_character(text, '.')) return true;
  std::size_t digits = 0;
  long long value = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits < 9) value = value * 10 + (text[digits] - '0');
    ++digits;
  }
  for (auto i = digits; i < 9; ++i) value *= 10;
  text.remove_prefix(digits);
  fraction = nanoseconds{value};
  return digits > 0;
}

bool take_offset(std::string_view& text, std::chrono::minutes& offset) {
  if (take_character(text, 'Z') || take_character(text, 'z')) return true;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!take_number(text, 2, hours) || !take_character(text, ':') ||
      !take_number(text, 2, minutes)) {
    return false;
  }
  offset = std::chrono::minutes{sign * (hours * 60 + minutes)};
  return hours < 24 && minutes < 60;
}

}  // namespace

std::string format_seconds(Timestamp time) {
  return date_and_seconds(civil(time)) + "Z";
}

std::string format_nanoseconds(Timestamp time) {
  auto t = civil(time);
  auto text = date_and_seconds(t);
  if (auto fraction = t.time.subseconds().count(); fraction != 0) {
    auto digits = fmt::format("{:09}", fraction);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text + "Z";
}

std::string format_compact(Timestamp time) {
  auto t = civil(time);
  return fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}", static_cast<int>(t.date.year()),
                     static_cast<unsigned>(t.date.month()), static_cast<unsigned>(t.date.day()),
                     t.time.hours().count(), t.time.minutes().count(), t.time.seconds().count());
}

Result<Timestamp> parse_timestamp(std::string_view text) {
  auto rest = text;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  nanoseconds fraction{0};
  std::chrono::minutes offset{0};
  bool whole =
      take_number(rest, 4, year) && take_character(rest, '-') && take_number(rest, 2, month) &&
      take_character(rest, '-') && take_number(rest, 2, day) &&
      (take_character(rest, 'T') || take_character(rest, 't') || take_character(rest, ' ')) &&
      take_number(rest, 2, hour) && take_character(rest, ':') && take_number(rest, 2, minute) &&
      take_character(rest, ':') && take_number(rest, 2, second) && take_fraction(rest, fraction) &&
      take_offset(rest, offset) && rest.empty();
  auto date = std::chrono::year_month_day{std::chrono::year{year},
                                          std::chrono::month{static_cast<unsigned>(month)},
                                          std::chrono::day{static_cast<unsigned>(day)}};
  if (!whole || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return fail(ErrorCode::invalid_input,
                fmt::format("'{}' is not a time such as 2026-01-02T03:04:05Z", text.substr(0, 64)));
  }
  using namespace std::chrono;
  // sys_time<nanoseconds> holds 1678..2262; others are clamped rather than wrapped.
  if (year < 1678) return Timestamp::min();
  if (year > 2261) return Timestamp::max();
  return Timestamp{sys_days{date}} + hours{hour} + minutes{minute} + seconds{second} + fraction -
         offset;
}

Result<nanoseconds> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 7> units{{{"ns", 1.0},
                                                                             {"us", 1e3},
                                                                             {"ms", 1e6},
                                                                             {"s", 1e9},
                                                                             {"m", 60e9},
                                                                             {"h", 3600e9},
                                                                             {"d", 86400e9}}};
  auto error = [&] {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("'{}' is not a duration such as 90s, 15m or 1h30m", text.substr(0, 64)));
  };
  auto rest = text;
  double total = 0;
  if (rest.empty()) return error();
  if (rest == "0") return nanoseconds{0};
  while (!rest.empty()) {
    double value = 0;
    auto [end, code] =
        std::from_chars(rest.data(), rest.data() + rest.size(), value, std::chars_format::fixed);
    if (code != std::errc{} || value < 0) return error();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    auto letters = std::min(rest.find_first_of("0123456789."), rest.size());
    auto unit = std::ranges::find(units, rest.substr(0, letters),
                                  &std::pair<std::string_view, double>::first);
    if (unit == units.end()) return error();
    total += value * unit->second;
    rest.remove_prefix(letters);
  }
  if (total > 9.2e18) return error();
  return nanoseconds{static_cast<long long>(total)};
}

std::string format_duration(nanoseconds duration) {
  auto total = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (total == 0 && duration.count() > 0) return fmt::format("{}ms", duration.count() / 1'000'000);
  std::string text;
  if (total >= 3600) text += fmt::format("{}h", total / 3600);
  if (total % 3600 >= 60) text += fmt::format("{}m", total % 3600 / 60);
  if (total % 60 != 0 || text.empty()) text += fmt::format("{}s", total % 60);
  return text;
}

}  // namespace dmaas
