#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/size_text.hpp"

namespace dmaas::cli {
namespace {

constexpr auto refresh_period = std::chrono::milliseconds{250};

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto written = ::write(fd, text.data(), text.size());
    if (written < 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::size_t width_of(std::string_view text) {
  // Code points, not bytes: continuation bytes of UTF-8 take no column.
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string format_size(std::uint64_t bytes) {
  return format_bytes(static_cast<std::int64_t>(bytes), 3);
}

std::string format_elapsed(std::chrono::nanoseconds duration) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds >= 3600) {
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

void print(std::string_view text) {
  write_all(STDOUT_FILENO, text);
}

void print_note(std::string_view line) {
  write_all(STDERR_FILENO, std::string(line) + "\n");
}

bool standard_output_is_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}
bool standard_error_is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

ProgressLine::ProgressLine(std::function<std::string()> line) {
  if (!standard_error_is_terminal()) return;
  thread_ = std::jthread{[line = std::move(line)](std::stop_token stop) {
    while (system_clock().sleep(refresh_period, stop))
      write_all(STDERR_FILENO, "\r\x1b[K" + line());
    write_all(STDERR_FILENO, "\r\x1b[K");
  }};
}

ProgressLine::~ProgressLine() {
  thread_.request_stop();
}

std::string format_transfer(std::uint64_t done, std::uint64_t total,
                            std::chrono::nanoseconds elapsed) {
  double seconds = std::chrono::duration<double>(elapsed).count();
  double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  auto text = format_size(done);
  if (total > 0) {
    text = fmt::format("{:.1f} %  {} of {}",
                       100.0 * static_cast<double>(done) / static_cast<double>(total), text,
                       format_size(total));
  }
  text += fmt::format(", {}/s", format_size(static_cast<std::uint64_t>(rate)));
  if (total > done && rate > 0 && seconds > 2) {
    auto left =
        std::chrono::seconds{static_cast<std::int64_t>(static_cast<double>(total - done) / rate)};
    text += fmt::format(", {} left", format_elapsed(left));
  }
  return text;
}

}  // namespace dmaas::cli
