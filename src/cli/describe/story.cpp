#include "cli/describe/story.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/time_text.hpp"
#include "cli/cluster/object_table.hpp"

namespace dmaas::cli {
namespace {

/// Of events.k8s.io/v1: a series has its time elsewhere than a single event.
std::string event_time(const Json& event) {
  for (auto time : {text_at(event, "series", "lastObservedTime"), text_at(event, "eventTime"),
                    text_at(event, "deprecatedLastTimestamp"),
                    text_at(event, "metadata", "creationTimestamp")}) {
    if (!time.empty()) return time;
  }
  return "";
}

}  // namespace

std::string describe_time(Timestamp time, Timestamp now) {
  auto text = format_seconds(time);
  return time > now ? fmt::format("{} (in {})", text, format_age(time - now))
                    : fmt::format("{} ({} ago)", text, format_age(now - time));
}

std::string describe_bytes(std::int64_t bytes) {
  return format_size(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0)));
}

std::string describe_span(const std::optional<Timestamp>& from, const std::optional<Timestamp>& to,
                          Timestamp now) {
  return from ? format_age(to.value_or(now) - *from) : "";
}

void Story::fact(std::string_view label, const std::string& value) {
  if (!value.empty()) facts_.emplace_back(std::string(label) + ":", value);
}

void Story::fact(std::string_view label, const std::optional<Timestamp>& time) {
  if (time) fact(label, describe_time(*time, now_));
}

void Story::end_facts() const {
  std::size_t width = 0;
  for (const auto& [label, value] : facts_) width = std::max(width, label.size());
  for (const auto& [label, value] : facts_)
    text_ += fmt::format("{:<{}}  {}\n", label, width, value);
  facts_.clear();
}

void Story::heading(std::string_view title) {
  end_facts();
  text_ += fmt::format("\n{}:\n", title);
}

void Story::indented(std::string_view text) {
  end_facts();
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    text_ += fmt::format("  {}\n", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void Story::table(const Table& table) {
  indented(table.text());
}

void Story::lines(const std::vector<std::string>& lines) {
  for (const auto& line : lines) indented(line);
}

void Story::list(std::string_view title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  heading(title);
  this->lines(lines);
}

void Story::conditions(const api::Conditions& conditions) {
  if (conditions.empty()) return;
  constexpr std::array statuses{"False", "True", "Unknown"};
  heading("Conditions");
  Table table({"TYPE", "STATUS", "SINCE", "REASON", "MESSAGE"});
  for (const auto& condition : conditions) {
    auto since = condition.last_transition_time ? format_age(now_ - *condition.last_transition_time)
                                                : std::string();
    table.add({condition.type, statuses[static_cast<std::size_t>(condition.status)], since,
               condition.reason, condition.message});
  }
  this->table(table);
}

void Story::events(const std::vector<Json>& events) {
  if (events.empty()) return;
  auto sorted = events;
  std::ranges::stable_sort(sorted, {}, event_time);
  heading("Events");
  Table table({"AGE", "TYPE", "REASON", "MESSAGE"});
  for (const auto& event : sorted) {
    auto time = parse_timestamp(event_time(event));
    table.add({time ? format_age(now_ - *time) : "", text_at(event, "type"),
               text_at(event, "reason"), text_at(event, "note")});
  }
  this->table(table);
}

std::string Story::text() const {
  end_facts();
  return text_;
}

}  // namespace dmaas::cli
