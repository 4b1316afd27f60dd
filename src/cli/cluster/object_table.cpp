#include "cli/cluster/object_table.hpp"

#include <fmt/format.h>

#include "base/time_text.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

/// One step of a column's path: a member, and which item when that is a list.
struct Step {
  std::string_view key;
  std::string_view filter_key;
  std::string_view filter_value;
};

/// `.name` or `.name[?(@.key=="value")]`, taken from the front of `path`.
Step take_step(std::string_view& path) {
  path.remove_prefix(path.starts_with('.') ? 1 : 0);
  Step step;
  auto end = std::min(path.find_first_of(".["), path.size());
  step.key = path.substr(0, end);
  path.remove_prefix(end);
  constexpr std::string_view opening = "[?(@.";
  constexpr std::string_view closing = "\")]";
  if (!path.starts_with(opening)) return step;
  auto filter = path.substr(opening.size(), path.find(closing) - opening.size());
  path.remove_prefix(std::min(path.find(closing) + closing.size(), path.size()));
  auto equals = filter.find("==\"");
  step.filter_key = filter.substr(0, equals);
  step.filter_value = filter.substr(equals + 3);
  return step;
}

const Json* find_at(const Json& object, std::string_view path) {
  const Json* place = &object;
  while (!path.empty() && place != nullptr) {
    auto step = take_step(path);
    const Json* next = find(*place, step.key);
    if (step.filter_key.empty()) {
      place = next;
      continue;
    }
    place = nullptr;
    for (const auto& item : items_of(next)) {
      if (text_at(item, step.filter_key) == step.filter_value) place = &item;
    }
  }
  return place;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

}  // namespace

std::string format_age(std::chrono::nanoseconds age) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (seconds < 0) return "0s";
  auto minutes = seconds / 60;
  auto hours = minutes / 60;
  auto days = hours / 24;
  auto pair = [](auto count, char unit, auto rest, char small) {
    return rest == 0 ? fmt::format("{}{}", count, unit)
                     : fmt::format("{}{}{}{}", count, unit, rest, small);
  };
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (hours < 3) return fmt::format("{}m", minutes);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return fmt::format("{}h", hours);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 730) return fmt::format("{}d", days);
  return pair(days / 365, 'y', days % 365, 'd');
}

std::string column_value(const Json& object, const api::PrinterColumn& column, Timestamp now) {
  const Json* value = find_at(object, column.path);
  if (value == nullptr || value->is_null()) return "";
  if (!value->is_string()) return to_text(*value);
  std::string text(value->get_string());
  if (column.type != "date") return text;
  auto time = parse_timestamp(text);
  return time ? format_age(now - *time) : "<invalid>";
}

std::string object_table(const api::KindInfo& kind, const std::vector<Json>& objects,
                         const TableOptions& options, Timestamp now) {
  bool with_namespace = options.namespaces == TableOptions::Namespaces::show;
  auto is_shown = [&](const api::PrinterColumn& column) {
    return !column.wide || options.width == TableOptions::Width::wide;
  };
  std::vector<std::string> header;
  if (with_namespace) header.push_back("NAMESPACE");
  header.push_back("NAME");
  for (const auto& column : kind.columns) {
    if (is_shown(column)) header.push_back(upper(column.name));
  }
  Table table(std::move(header));
  for (const auto& object : objects) {
    std::vector<std::string> row;
    if (with_namespace) row.push_back(kube::namespace_of(object));
    row.push_back(kube::name_of(object));
    for (const auto& column : kind.columns) {
      if (is_shown(column)) row.push_back(column_value(object, column, now));
    }
    table.add(std::move(row));
  }
  return table.text();
}

}  // namespace dmaas::cli
