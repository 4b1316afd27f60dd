#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/conditions.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {

/// A text of facts and tables under headings, in the form of `kubectl describe`.
class Story {
public:
  explicit Story(Timestamp now) : now_(now) {}

  /// A line "label: value"; left out when `value` is empty. Values of one heading are aligned.
  void fact(std::string_view label, const std::string& value);
  /// The time and how long ago it was, or how far ahead it is; left out without one.
  void fact(std::string_view label, const std::optional<Timestamp>& time);
  void heading(std::string_view title);
  /// Indented below the heading.
  void table(const Table& table);
  void lines(const std::vector<std::string>& lines);

  /// Headings of their own, left out when there is nothing.
  void conditions(const api::Conditions& conditions);
  void list(std::string_view title, const std::vector<std::string>& lines);
  void events(const std::vector<Json>& events);

  Timestamp now() const { return now_; }
  std::string text() const;

private:
  void indented(std::string_view text);
  void end_facts() const;

  const Timestamp now_;
  mutable std::string text_;
  mutable std::vector<std::pair<std::string, std::string>> facts_;
};

/// "2026-01-02T03:04:05Z (3m ago)", "... (in 4h)".
std::string describe_time(Timestamp time, Timestamp now);
/// "1.5 GiB"; sizes of our statuses are never negative.
std::string describe_bytes(std::int64_t bytes);
/// Between two times, or until now while the second is absent; "" without the first.
std::string describe_span(const std::optional<Timestamp>& from, const std::optional<Timestamp>& to,
                          Timestamp now);

}  // namespace dmaas::cli
