#include "engine/format/go_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>

namespace dmaas::engine {

namespace {

struct Rune {
  char32_t value = 0;
  std::size_t length = 1;
  bool is_valid = true;
};

// Follows Go's utf8.DecodeRune: no overlong forms, no surrogates, an invalid byte stands alone.
Rune first_rune(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const Rune invalid{lead, 1, false};
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return invalid;
  char32_t value = lead & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return invalid;
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < least[length] || value > 0x10ffff || is_surrogate) return invalid;
  return {value, length, true};
}

void append_utf8(std::string& out, char32_t rune) {
  auto add = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (rune < 0x80) {
    add(rune);
  } else if (rune < 0x800) {
    add(0xc0 | rune >> 6);
    add(0x80 | (rune & 0x3f));
  } else if (rune < 0x10000) {
    add(0xe0 | rune >> 12);
    add(0x80 | (rune >> 6 & 0x3f));
    add(0x80 | (rune & 0x3f));
  } else {
    add(0xf0 | rune >> 18);
    add(0x80 | (rune >> 12 & 0x3f));
    add(0x80 | (rune >> 6 & 0x3f));
    add(0x80 | (rune & 0x3f));
  }
}

bool is_plain_ascii(std::uint8_t byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != '<' && byte != '>' &&
         byte != '&';
}

void append_json_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
  }
}

void append_quoted_rune(std::string& out, const Rune& rune, std::string_view bytes) {
  auto target = std::back_inserter(out);
  const auto value = static_cast<std::uint32_t>(rune.value);
  if (!rune.is_valid) {
    fmt::format_to(target, "\\x{:02x}", value);
  } else if (value == '"' || value == '\\') {
    out += '\\';
    out += bytes;
  } else if (is_printable(rune.value)) {
    out += bytes;
  } else if (constexpr std::string_view short_forms = "abtnvfr"; value >= 7 && value <= 13) {
    out += '\\';
    out += short_forms[value - 7];
  } else if (value < ' ' || value == 0x7f) {
    fmt::format_to(target, "\\x{:02x}", value);
  } else {
    const bool is_short = value < 0x10000;
    fmt::format_to(target, "\\{}{:0{}x}", is_short ? 'u' : 'U', value, is_short ? 4 : 8);
  }
}

std::unexpected<Error> bad_name(std::string_view quoted) {
  return fail(ErrorCode::corrupt,
              fmt::format("a tree holds a name in no valid form: {:?}", quoted));
}

// Digits of \xhh, \uhhhh, \Uhhhhhhhh and \ooo.
Result<char32_t> take_number(std::string_view& rest, std::size_t digits, int base) {
  std::uint32_t value = 0;
  if (rest.size() < digits) return bad_name(rest);
  auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, value, base);
  if (error != std::errc{} || end != rest.data() + digits) return bad_name(rest);
  rest.remove_prefix(digits);
  return value;
}

Result<> append_unescaped(std::string& out, std::string_view& rest) {
  if (rest.empty()) return bad_name(rest);
  const char kind = rest.front();
  constexpr std::string_view letters = "abtnvfr";
  if (auto at = letters.find(kind); at != std::string_view::npos) {
    out += static_cast<char>(7 + at);
  } else if (kind == '\\' || kind == '"') {
    out += kind;
  } else if (kind >= '0' && kind <= '7') {
    const char32_t byte = TRY(take_number(rest, 3, 8));
    if (byte > 0xff) return bad_name(rest);
    out += static_cast<char>(byte);
    return {};
  } else if (kind == 'x') {
    rest.remove_prefix(1);
    out += static_cast<char>(TRY(take_number(rest, 2, 16)));
    return {};
  } else if (kind == 'u' || kind == 'U') {
    rest.remove_prefix(1);
    const char32_t rune = TRY(take_number(rest, kind == 'u' ? 4 : 8, 16));
    if (rune > 0x10ffff) return bad_name(rest);
    append_utf8(out, rune);
    return {};
  } else {
    return bad_name(rest);
  }
  rest.remove_prefix(1);
  return {};
}

constexpr std::int64_t year_0_seconds = -62167219200;
constexpr std::int64_t year_9999_end_seconds = 253402300799;

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Rune rune = first_rune(text);
    if (!rune.is_valid) return false;
    text.remove_prefix(rune.length);
  }
  return true;
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto plain = std::ranges::find_if_not(
        text, [](char c) { return is_plain_ascii(static_cast<std::uint8_t>(c)); });
    const auto length = static_cast<std::size_t>(plain - text.begin());
    out += text.substr(0, length);
    text.remove_prefix(length);
    if (text.empty()) break;
    const Rune rune = first_rune(text);
    if (!rune.is_valid) {
      out += "\\ufffd";
    } else if (rune.value < 0x80) {
      append_json_ascii(out, text.front());
    } else if (rune.value == 0x2028 || rune.value == 0x2029) {
      out += rune.value == 0x2028 ? "\\u2028" : "\\u2029";
    } else {
      out += text.substr(0, rune.length);
    }
    text.remove_prefix(rune.length);
  }
  out += '"';
}

void append_json_name(std::string& out, std::string_view name) {
  auto is_plain = [](char c) { return is_plain_ascii(static_cast<std::uint8_t>(c)) && c != 0x7f; };
  if (std::ranges::all_of(name, is_plain)) {
    out += '"';
    out += name;
    out += '"';
    return;
  }
  std::string quoted;
  while (!name.empty()) {
    const Rune rune = first_rune(name);
    append_quoted_rune(quoted, rune, name.substr(0, rune.length));
    name.remove_prefix(rune.length);
  }
  append_json_text(out, quoted);
}

Result<std::string> unquote_name(std::string_view quoted) {
  if (quoted.find_first_of("\\\"\n") == std::string_view::npos) return std::string(quoted);
  std::string name;
  for (std::string_view rest = quoted; !rest.empty();) {
    const char c = rest.front();
    if (c == '"' || c == '\n') return bad_name(quoted);
    rest.remove_prefix(1);
    if (c == '\\') {
      TRY(append_unescaped(name, rest));
    } else {
      name += c;
    }
  }
  return name;
}

void append_json_time(std::string& out, const FileTime& time) {
  using namespace std::chrono;
  const std::int64_t offset = time.zone_offset_minutes * 60;
  const sys_seconds local{
      seconds(std::clamp(time.seconds + offset, year_0_seconds, year_9999_end_seconds))};
  const sys_days day = floor<days>(local);
  const year_month_day date{day};
  const hh_mm_ss clock{local - day};
  auto target = std::back_inserter(out);
  fmt::format_to(target, "\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (time.nanoseconds != 0) {
    fmt::format_to(target, ".{:09}", time.nanoseconds);
    out.erase(out.find_last_not_of('0') + 1);
  }
  if (offset == 0) {
    out += "Z\"";
  } else {
    const int minutes = std::abs(time.zone_offset_minutes);
    fmt::format_to(target, "{}{:02}:{:02}\"", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
  }
}

namespace {

// Fixed-width fields of RFC 3339, one after the other; any deviation clears `is_valid`.
class TimeReader {
public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = next();
      if (c < '0' || c > '9') is_valid_ = false;
      value = value * 10 + (c - '0');
    }
    return value;
  }
  void expect(char wanted) { is_valid_ = next() == wanted && is_valid_; }
  char next() {
    if (rest_.empty()) {
      is_valid_ = false;
      return '\0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  std::uint32_t fraction() {
    if (rest_.empty() || rest_.front() != '.') return 0;
    rest_.remove_prefix(1);
    std::uint32_t value = 0;
    std::uint32_t scale = 100'000'000;
    const std::size_t length = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    is_valid_ = is_valid_ && length >= 1 && length <= 9;
    for (std::size_t i = 0; i < length && scale > 0; ++i, scale /= 10) {
      value += static_cast<std::uint32_t>(rest_[i] - '0') * scale;
    }
    rest_.remove_prefix(length);
    return value;
  }
  int zone_minutes() {
    const char sign = next();
    if (sign == 'Z') return 0;
    if (sign != '+' && sign != '-') is_valid_ = false;
    const int hours = digits(2);
    expect(':');
    const int minutes = digits(2);
    if (hours > 24 || minutes > 59) is_valid_ = false;
    return (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
  }
  bool is_at_valid_end() const { return is_valid_ && rest_.empty(); }

private:
  std::string_view rest_;
  bool is_valid_ = true;
};

}  // namespace

Result<FileTime> parse_file_time(std::string_view text) {
  using namespace std::chrono;
  TimeReader reader{text};
  const year years{reader.digits(4)};
  reader.expect('-');
  const month months{static_cast<unsigned>(reader.digits(2))};
  reader.expect('-');
  const day days_of_month{static_cast<unsigned>(reader.digits(2))};
  reader.expect('T');
  const int hour_count = reader.digits(2);
  reader.expect(':');
  const int minute_count = reader.digits(2);
  reader.expect(':');
  const int second_count = reader.digits(2);
  FileTime time;
  time.nanoseconds = reader.fraction();
  time.zone_offset_minutes = static_cast<std::int16_t>(reader.zone_minutes());
  const year_month_day date{years, months, days_of_month};
  if (!reader.is_at_valid_end() || !date.ok() || hour_count > 23 || minute_count > 59 ||
      second_count > 60) {
    return fail(ErrorCode::corrupt, fmt::format("not a time: {:?}", text.substr(0, 64)));
  }
  const auto local = sys_days{date} + hours{hour_count} + minutes{minute_count} +
                     seconds{second_count} - minutes{time.zone_offset_minutes};
  time.seconds = duration_cast<seconds>(local.time_since_epoch()).count();
  return time;
}

}  // namespace dmaas::engine
