#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dmaas::cli {

/// "1.234 GiB"; bytes below 1 KiB exactly.
std::string format_size(std::uint64_t bytes);
/// "1:02:03" or "2:03".
std::string format_elapsed(std::chrono::nanoseconds duration);

/// Writes a whole text to standard output; a closed pipe is no error.
void print(std::string_view text);
inline void print_line(std::string_view line) {
  print(std::string(line) + "\n");
}
/// Standard error, for people.
void print_note(std::string_view line);
bool standard_output_is_terminal();
bool standard_error_is_terminal();

/// Columns as wide as their widest cell, two spaces between, no trailing spaces.
class Table {
public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

/// Shows `line()` on standard error, rewritten four times a second, while it lives; nothing when
/// that is no terminal.
class ProgressLine {
public:
  explicit ProgressLine(std::function<std::string()> line);
  ~ProgressLine();

private:
  std::jthread thread_;
};

/// "12.3 %  1.2 GiB of 9.8 GiB, 120 MiB/s, 1:20 left": a rate from the start, no estimate before it
/// means something.
std::string format_transfer(std::uint64_t done, std::uint64_t total,
                            std::chrono::nanoseconds elapsed);

}  // namespace dmaas::cli
