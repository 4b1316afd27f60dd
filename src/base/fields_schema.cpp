#include <fmt/format.h>

#include <algorithm>

#include "base/fields.hpp"

namespace dmaas {
namespace {

using Kind = TypeDescription::Kind;
using RuleKind = FieldRule::Kind;

const TypeDescription& without_optional(const TypeDescription& type) {
  return type.kind == Kind::optional ? without_optional(*type.item) : type;
}

JsonObject leaf_schema(const TypeDescription& type) {
  switch (type.kind) {
    case Kind::boolean:
      return {{"type", "boolean"}};
    case Kind::int32:
      return {{"type", "integer"}, {"format", "int32"}};
    case Kind::int64:
      return {{"type", "integer"}, {"format", "int64"}};
    case Kind::number:
      return {{"type", "number"}};
    case Kind::duration:
      return {{"type", "string"},
              {"pattern", R"(^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d))+$|^0$)"},
              {"maxLength", 32}};
    case Kind::timestamp:
      return {{"type", "string"}, {"format", "date-time"}};
    case Kind::quantity:
      return {{"anyOf", JsonArray{JsonObject{{"type", "integer"}}, JsonObject{{"type", "string"}}}},
              {"pattern", R"(^[0-9]+(\.[0-9]+)?([numkMGTPE]|[KMGTPE]i)?$)"},
              {"x-kubernetes-int-or-string", true}};
    case Kind::any:
      return {{"x-kubernetes-preserve-unknown-fields", true}};
    case Kind::free_object:
      return {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
    default:
      return {{"type", "string"}};
  }
}

void add_cel(JsonObject& schema, std::string_view expression, std::string_view message) {
  auto& rules = schema["x-kubernetes-validations"];
  if (!rules.is_array()) rules = JsonArray{};
  rules.get_array().push_back(JsonObject{{"rule", expression}, {"message", message}});
}

void add_keys(JsonObject& schema, std::string_view names) {
  JsonArray keys;
  while (!names.empty()) {
    auto comma = std::min(names.find(','), names.size());
    keys.emplace_back(names.substr(0, comma));
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  schema["x-kubernetes-list-type"] = "map";
  schema["x-kubernetes-list-map-keys"] = std::move(keys);
}

void add_rule(JsonObject& schema, const FieldRule& rule, const FieldDescription& field) {
  bool is_map = without_optional(*field.type).kind == Kind::map;
  switch (rule.kind) {
    case RuleKind::required:
    case RuleKind::always:
      return;
    case RuleKind::immutable:
      return add_cel(schema, "self == oldSelf",
                     fmt::format("{} cannot be changed: make a new object instead", field.name));
    case RuleKind::with_default:
      schema["default"] = field.fresh;
      return;
    case RuleKind::pattern:
      schema["pattern"] = rule.text;
      return;
    case RuleKind::minimum:
      schema["minimum"] = rule.number;
      return;
    case RuleKind::maximum:
      schema["maximum"] = rule.number;
      return;
    case RuleKind::min_length:
      schema["minLength"] = rule.number;
      return;
    case RuleKind::max_length:
      schema["maxLength"] = rule.number;
      return;
    case RuleKind::min_items:
      schema[is_map ? "minProperties" : "minItems"] = rule.number;
      return;
    case RuleKind::max_items:
      schema[is_map ? "maxProperties" : "maxItems"] = rule.number;
      return;
    case RuleKind::keys:
      return add_keys(schema, rule.text);
    case RuleKind::cel:
      return add_cel(schema, rule.text, rule.remedy);
  }
}

JsonObject schema_of_type(const TypeDescription& type);

JsonObject schema_of_field(const FieldDescription& field) {
  JsonObject schema{{"description", field.text}};
  for (auto& member : schema_of_type(*field.type)) {
    schema.emplace(member.key(), std::move(member.value()));
  }
  for (const auto& rule : field.rules) add_rule(schema, rule, field);
  return schema;
}

JsonObject schema_of_object(const TypeDescription& type) {
  JsonObject properties;
  JsonArray required;
  for (const auto& field : type.fields) {
    properties.emplace(field.name, schema_of_field(field));
    if (field.find_rule(RuleKind::required) != nullptr) required.emplace_back(field.name);
  }
  JsonObject schema{{"type", "object"}};
  if (!required.empty()) schema.emplace("required", std::move(required));
  schema.emplace("properties", std::move(properties));
  for (const auto& rule : type.rules) add_cel(schema, rule.text, rule.remedy);
  return schema;
}

JsonObject schema_of_type(const TypeDescription& type) {
  switch (type.kind) {
    case Kind::optional:
      return schema_of_type(*type.item);
    case Kind::list:
      return {{"type", "array"}, {"items", schema_of_type(*type.item)}};
    case Kind::map:
      return {{"type", "object"}, {"additionalProperties", schema_of_type(*type.item)}};
    case Kind::object:
      return schema_of_object(type);
    case Kind::enumeration:
      return {{"type", "string"}, {"enum", JsonArray(type.names.begin(), type.names.end())}};
    default:
      return leaf_schema(type);
  }
}

std::string type_text(const TypeDescription& type) {
  switch (type.kind) {
    case Kind::text:
      return "string";
    case Kind::boolean:
      return "boolean";
    case Kind::int32:
    case Kind::int64:
      return "integer";
    case Kind::number:
      return "number";
    case Kind::duration:
      return "duration";
    case Kind::timestamp:
      return "time";
    case Kind::quantity:
      return "quantity";
    case Kind::any:
      return "any";
    case Kind::free_object:
    case Kind::object:
      return "object";
    case Kind::enumeration:
      return fmt::format("`{}`", fmt::join(type.names, "` `"));
    case Kind::optional:
      return type_text(*type.item);
    case Kind::list:
      return "list of " + type_text(*type.item);
    case Kind::map:
      return "map of " + type_text(*type.item);
  }
  return {};
}

std::string rule_text(const FieldRule& rule, const FieldDescription& field) {
  switch (rule.kind) {
    case RuleKind::required:
      return "required";
    case RuleKind::immutable:
      return "immutable";
    case RuleKind::with_default:
      return fmt::format("default `{}`", field.fresh.is_string()
                                             ? std::string(field.fresh.get_string())
                                             : to_text(field.fresh));
    case RuleKind::pattern:
      return std::string(rule.remedy);
    case RuleKind::minimum:
      return fmt::format("≥ {}", rule.number);
    case RuleKind::maximum:
      return fmt::format("≤ {}", rule.number);
    case RuleKind::max_length:
      return fmt::format("≤ {} characters", rule.number);
    case RuleKind::min_items:
      return fmt::format("≥ {} entries", rule.number);
    case RuleKind::max_items:
      return fmt::format("≤ {} entries", rule.number);
    case RuleKind::keys:
      return fmt::format("unique by {}", rule.text);
    case RuleKind::cel:
      return std::string(rule.remedy);
    case RuleKind::always:
    case RuleKind::min_length:
      return {};
  }
  return {};
}

std::string rules_text(const FieldDescription& field) {
  std::string text;
  for (const auto& rule : field.rules) {
    auto one = rule_text(rule, field);
    if (!one.empty()) text += (text.empty() ? "" : "; ") + one;
  }
  return text;
}

/// Text that Markdown would take for the end of a cell or for HTML.
std::string escape_cell(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '|' || c == '<') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// The struct below optionals, lists and maps, and how its path is written; null for leaves.
std::pair<const TypeDescription*, std::string> object_below(const TypeDescription& type,
                                                            std::string path) {
  switch (type.kind) {
    case Kind::object:
      return {&type, std::move(path)};
    case Kind::optional:
      return object_below(*type.item, std::move(path));
    case Kind::list:
      return object_below(*type.item, path + "[]");
    case Kind::map:
      return object_below(*type.item, path + ".*");
    default:
      return {nullptr, {}};
  }
}

}  // namespace

Json schema_of(const TypeDescription& type) {
  return schema_of_type(type);
}

std::string reference_rows(const TypeDescription& type, std::string_view path) {
  std::string rows;
  for (const auto& field : type.fields) {
    auto field_path =
        path.empty() ? std::string(field.name) : fmt::format("{}.{}", path, field.name);
    rows += fmt::format("| `{}` | {} | {} | {} |\n", field_path, type_text(*field.type),
                        escape_cell(rules_text(field)), escape_cell(field.text));
    auto [object, object_path] = object_below(*field.type, field_path);
    if (object != nullptr) rows += reference_rows(*object, object_path);
  }
  return rows;
}

}  // namespace dmaas
