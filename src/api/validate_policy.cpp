#include <fmt/format.h>

#include <algorithm>

#include "api/problems.hpp"
#include "api/validate.hpp"
#include "api/validate_parts.hpp"

namespace dmaas::api {
namespace {

bool is_variable_name(std::string_view text) {
  auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, fits);
}

}  // namespace

// What a template becomes is checked when it is a plan: variables may stand anywhere in it.
Result<> validate(const BackupPolicySpec& spec, const Surroundings&) {
  Problems problems;
  for (const auto& kind : spec.open_to.kinds)
    problems.add_unless(kind.find('*') == std::string::npos, "spec.openTo.kinds",
                        fmt::format("'{}' must be one kind, such as StatefulSet", kind));
  if (spec.open_to.namespace_selector)
    check_selector(*spec.open_to.namespace_selector, "spec.openTo.namespaceSelector", problems);
  if (spec.open_to.selector)
    check_selector(*spec.open_to.selector, "spec.openTo.selector", problems);
  problems.add_unless(
      !spec.allowed.min_interval || *spec.allowed.min_interval >= std::chrono::minutes{1},
      "spec.allowed.minInterval", "must be at least 1m, such as 1h");
  problems.add_unless(spec.enforcement == Enforcement::offered || spec.plan_template,
                      "spec.template", "is required unless enforcement is offered");
  for (const auto& [name, value] : spec.variables)
    problems.add_unless(
        is_variable_name(name), "spec.variables",
        fmt::format("'{}' must be letters, digits, '-' and '_'", name.substr(0, 64)));
  return problems.result();
}

}  // namespace dmaas::api
