#include "applications/policy/expand_template.hpp"

#include <fmt/format.h>

#include "api/labels.hpp"

namespace dmaas::applications {
namespace {

using Variables = std::map<std::string, std::string>;

Result<std::string> replace_in(std::string_view text, const Variables& variables) {
  std::string replaced;
  while (true) {
    auto begin = text.find("${");
    auto end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) return replaced.append(text);
    replaced.append(text.substr(0, begin));
    if (begin > 0 && text[begin - 1] == '$') {
      replaced.append("{");  // the '$' before is there already
      text.remove_prefix(begin + 2);
      continue;
    }
    auto name = std::string(text.substr(begin + 2, end - begin - 2));
    auto value = variables.find(name);
    if (value == variables.end()) {
      return fail(ErrorCode::not_found,
                  fmt::format("${{{}}} of the template has no value: set annotation {}{}, or "
                              "spec.variables.{} of the policy",
                              name, api::annotation::variable_prefix, name, name));
    }
    replaced.append(value->second);
    text.remove_prefix(end + 1);
  }
}

Result<> replace_all(Json& json, const Variables& variables) {
  if (json.is_string()) {
    json = TRY(replace_in(json.get_string(), variables));
  } else if (json.is_array()) {
    for (auto& item : json.get_array()) TRY(replace_all(item, variables));
  } else if (json.is_object()) {
    for (auto& member : json.get_object()) TRY(replace_all(member.value(), variables));
  }
  return {};
}

void complete(std::optional<api::NamespacedReference>& reference, const std::string& fallback) {
  if (reference && reference->namespace_name.empty()) reference->namespace_name = fallback;
}

}  // namespace

Variables variables_in(const std::map<std::string, std::string>& annotations) {
  Variables variables;
  for (const auto& [key, value] : annotations) {
    if (key.starts_with(api::annotation::variable_prefix))
      variables.emplace(key.substr(api::annotation::variable_prefix.size()), value);
  }
  return variables;
}

Result<api::PlanTemplate> expand_template(const api::PlanTemplate& plan, const Variables& variables,
                                          const std::string& system_namespace) {
  auto json = to_json(plan);
  TRY(replace_all(json, variables));
  auto expanded = TRY(from_json<api::PlanTemplate>(json, "template"));
  complete(expanded.retention_policy, system_namespace);
  for (auto& storage : expanded.storages) {
    if (storage.storage.namespace_name.empty()) storage.storage.namespace_name = system_namespace;
    complete(storage.retention_policy, system_namespace);
  }
  return expanded;
}

}  // namespace dmaas::applications
