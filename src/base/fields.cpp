#include "base/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <regex>
#include <set>

#include "base/clock.hpp"
#include "base/describe.hpp"
#include "base/time_text.hpp"

namespace dmaas {
namespace {

using Kind = TypeDescription::Kind;
using RuleKind = FieldRule::Kind;

constexpr std::size_t max_problems = 10;
/// Longer texts are refused before a pattern is tried: std::regex recurses once per character.
constexpr std::size_t max_pattern_bytes = 4096;

const void* member_of(const void* object, const FieldDescription& field) {
  return static_cast<const char*>(object) + field.offset;
}
void* member_of(void* object, const FieldDescription& field) {
  return static_cast<char*>(object) + field.offset;
}

template <class T>
const T& as(const void* value) {
  return *static_cast<const T*>(value);
}

bool is_left_out(const FieldDescription& field, const Json& value) {
  if (value.is_null()) return true;
  if (field.find_rule(RuleKind::required) != nullptr ||
      field.find_rule(RuleKind::always) != nullptr)
    return false;
  return value == field.fresh;
}

Json encode_object(const TypeDescription& type, const void* value) {
  JsonObject object;
  for (const auto& field : type.fields) {
    auto member = encode_value(*field.type, member_of(value, field));
    if (!is_left_out(field, member)) object.emplace(field.name, std::move(member));
  }
  return object;
}

Json encode_container(const TypeDescription& type, const void* value) {
  if (type.kind == Kind::map) {
    JsonObject object;
    type.visit(value, [&](std::string_view key, const void* item) {
      object.emplace(key, encode_value(*type.item, item));
    });
    return object;
  }
  JsonArray array;
  type.visit(value, [&](std::string_view, const void* item) {
    array.push_back(encode_value(*type.item, item));
  });
  if (type.kind == Kind::list) return array;
  return array.empty() ? Json{} : array[0];
}

std::string shown(const Json& json) {
  auto text = to_text(json);
  return text.size() > 64 ? text.substr(0, 60) + "…" : text;
}

std::string joined(const std::vector<std::string_view>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

class Decoder {
public:
  explicit Decoder(const DecodeOptions& options) : options_(options) {}

  void decode(const TypeDescription& type, const Json& json, const std::string& path, void* value);
  Result<> result() const;

private:
  void decode_text(const Json& json, const std::string& path, std::string& text);
  void decode_integer(const TypeDescription& type, const Json& json, const std::string& path,
                      void* value);
  void decode_leaf(const TypeDescription& type, const Json& json, const std::string& path,
                   void* value);
  void decode_enumerator(const TypeDescription& type, const Json& json, const std::string& path,
                         void* value);
  void decode_list(const TypeDescription& type, const Json& json, const std::string& path,
                   void* value);
  void decode_map(const TypeDescription& type, const Json& json, const std::string& path,
                  void* value);
  void decode_object(const TypeDescription& type, const Json& json, const std::string& path,
                     void* value);
  void check_rules(const FieldDescription& field, const Json& json, const std::string& path);
  void check_text(const FieldRule& rule, std::string_view text, const std::string& path);
  void check_count(const FieldRule& rule, const Json& json, const std::string& path);
  void check_keys(const FieldRule& rule, const JsonArray& items, const std::string& path);

  void refuse(const std::string& path, std::string what) {
    if (problems_.size() < max_problems)
      problems_.push_back((path.empty() ? "document" : path) + ": " + what);
  }
  bool expect(bool fits, std::string_view wanted, const Json& json, const std::string& path) {
    if (!fits) refuse(path, fmt::format("must be {}, not {}", wanted, shown(json)));
    return fits;
  }

  const DecodeOptions& options_;
  std::vector<std::string> problems_;
};

/// Patterns are literals of field tables: a closed set, each compiled once.
const std::regex& compiled(std::string_view pattern) {
  static std::mutex mutex;
  static std::map<std::string_view, std::regex> known;
  std::lock_guard lock{mutex};
  auto found = known.find(pattern);
  if (found == known.end())
    found = known.emplace(pattern, std::regex(pattern.begin(), pattern.end())).first;
  return found->second;
}

std::string join_path(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

void Decoder::decode_text(const Json& json, const std::string& path, std::string& text) {
  if (expect(json.is_string(), "a text", json, path)) text = json.get_string();
}

void Decoder::decode_integer(const TypeDescription& type, const Json& json, const std::string& path,
                             void* value) {
  auto number = number_of(&json);
  if (!expect(number.has_value(), "a whole number", json, path)) return;
  if (type.kind == Kind::int64) {
    *static_cast<std::int64_t*>(value) = *number;
    return;
  }
  using Limits = std::numeric_limits<std::int32_t>;
  if (expect(*number >= Limits::min() && *number <= Limits::max(), "a 32-bit number", json, path)) {
    *static_cast<std::int32_t*>(value) = static_cast<std::int32_t>(*number);
  }
}

void Decoder::decode_leaf(const TypeDescription& type, const Json& json, const std::string& path,
                          void* value) {
  std::string text;
  auto parsed = [&](auto result, auto* target) {
    if (!result) return refuse(path, result.error().message());
    *target = *std::move(result);
  };
  switch (type.kind) {
    case Kind::boolean:
      if (expect(json.is_bool(), "true or false", json, path))
        *static_cast<bool*>(value) = json.get_bool();
      return;
    case Kind::number:
      if (expect(json.is_number(), "a number", json, path))
        *static_cast<double*>(value) = json.to_number<double>();
      return;
    case Kind::duration:
      if (!expect(json.is_string(), "a duration such as \"15m\"", json, path)) return;
      return parsed(parse_duration(std::string_view(json.get_string())),
                    static_cast<std::chrono::nanoseconds*>(value));
    case Kind::timestamp:
      if (!expect(json.is_string(), "a time such as \"2026-01-02T03:04:05Z\"", json, path)) return;
      return parsed(parse_timestamp(std::string_view(json.get_string())),
                    static_cast<Timestamp*>(value));
    default:
      break;
  }
  if (!expect(json.is_string() || json.is_int64() || json.is_uint64(),
              "a quantity such as \"512Mi\"", json, path))
    return;
  text = json.is_string() ? std::string(json.get_string()) : to_text(json);
  if (auto size = parse_quantity(text); !size) return refuse(path, size.error().message());
  static_cast<Quantity*>(value)->text = std::move(text);
}

void Decoder::decode_enumerator(const TypeDescription& type, const Json& json,
                                const std::string& path, void* value) {
  auto found = json.is_string() ? std::ranges::find(type.names, std::string_view(json.get_string()))
                                : type.names.end();
  if (!expect(found != type.names.end(), "one of " + joined(type.names), json, path)) return;
  type.set_enumerator(value, static_cast<std::size_t>(found - type.names.begin()));
}

void Decoder::decode_list(const TypeDescription& type, const Json& json, const std::string& path,
                          void* value) {
  if (!expect(json.is_array(), "a list", json, path)) return;
  type.clear(value);
  std::size_t index = 0;
  for (const auto& item : json.get_array())
    decode(*type.item, item, fmt::format("{}[{}]", path, index++), type.add(value, {}));
}

void Decoder::decode_map(const TypeDescription& type, const Json& json, const std::string& path,
                         void* value) {
  if (!expect(json.is_object(), "a map", json, path)) return;
  type.clear(value);
  for (const auto& [key, item] : json.get_object())
    decode(*type.item, item, join_path(path, key), type.add(value, key));
}

void Decoder::decode_object(const TypeDescription& type, const Json& json, const std::string& path,
                            void* value) {
  if (!expect(json.is_object(), "an object", json, path)) return;
  const auto& object = json.get_object();
  for (const auto& field : type.fields) {
    const auto* member = object.if_contains(field.name);
    auto member_path = join_path(path, field.name);
    if (member == nullptr || member->is_null()) {
      if (options_.rules == DecodeOptions::Rules::check &&
          field.find_rule(RuleKind::required) != nullptr) {
        refuse(member_path, "is required");
      }
      continue;
    }
    auto problems_before = problems_.size();
    decode(*field.type, *member, member_path, member_of(value, field));
    if (problems_.size() == problems_before && options_.rules == DecodeOptions::Rules::check) {
      check_rules(field, *member, member_path);
    }
  }
  if (options_.unknown_fields == nullptr) return;
  for (const auto& member : object) {
    bool known = std::ranges::any_of(type.fields,
                                     [&](const auto& field) { return field.name == member.key(); });
    if (!known) options_.unknown_fields->push_back(join_path(path, member.key()));
  }
}

void Decoder::decode(const TypeDescription& type, const Json& json, const std::string& path,
                     void* value) {
  switch (type.kind) {
    case Kind::text:
      return decode_text(json, path, *static_cast<std::string*>(value));
    case Kind::int32:
    case Kind::int64:
      return decode_integer(type, json, path, value);
    case Kind::any:
      *static_cast<Json*>(value) = json;
      return;
    case Kind::free_object:
      if (expect(json.is_object(), "an object", json, path))
        *static_cast<JsonObject*>(value) = json.get_object();
      return;
    case Kind::enumeration:
      return decode_enumerator(type, json, path, value);
    case Kind::optional:
      return decode(*type.item, json, path, type.add(value, {}));
    case Kind::list:
      return decode_list(type, json, path, value);
    case Kind::map:
      return decode_map(type, json, path, value);
    case Kind::object:
      return decode_object(type, json, path, value);
    default:
      return decode_leaf(type, json, path, value);
  }
}

void Decoder::check_text(const FieldRule& rule, std::string_view text, const std::string& path) {
  auto length = static_cast<std::int64_t>(text.size());
  if (rule.kind == RuleKind::min_length && length < rule.number) {
    refuse(path, text.empty() ? "must not be empty"
                              : fmt::format("must have at least {} characters", rule.number));
  }
  if (rule.kind == RuleKind::max_length && length > rule.number) {
    refuse(path, fmt::format("must have at most {} characters, not {}", rule.number, length));
  }
  if (rule.kind != RuleKind::pattern) return;
  bool fits = text.size() <= max_pattern_bytes &&
              std::regex_search(text.begin(), text.end(), compiled(rule.text));
  if (!fits) refuse(path, fmt::format("'{}' {}", text.substr(0, 64), rule.remedy));
}

void Decoder::check_count(const FieldRule& rule, const Json& json, const std::string& path) {
  auto count = static_cast<std::int64_t>(json.is_array() ? json.get_array().size()
                                                         : json.get_object().size());
  if (rule.kind == RuleKind::min_items && count < rule.number) {
    refuse(path, fmt::format("must have at least {} {}", rule.number,
                             rule.number == 1 ? "entry" : "entries"));
  }
  if (rule.kind == RuleKind::max_items && count > rule.number) {
    refuse(path, fmt::format("must have at most {} entries, not {}", rule.number, count));
  }
  if (rule.kind == RuleKind::keys && json.is_array()) check_keys(rule, json.get_array(), path);
}

std::vector<std::string> split_keys(std::string_view names) {
  std::vector<std::string> keys;
  while (!names.empty()) {
    auto comma = std::min(names.find(','), names.size());
    keys.emplace_back(names.substr(0, comma));
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return keys;
}

void Decoder::check_keys(const FieldRule& rule, const JsonArray& items, const std::string& path) {
  std::set<std::string> seen;
  for (const auto& item : items) {
    std::vector<std::string> values;
    for (const auto& key : split_keys(rule.text)) values.push_back(text_at(item, key));
    auto key = fmt::format("{}", fmt::join(values, "/"));
    if (!seen.insert(key).second) {
      refuse(path, fmt::format("'{}' appears more than once; give each entry its own {}", key,
                               rule.text));
    }
  }
}

void Decoder::check_rules(const FieldDescription& field, const Json& json,
                          const std::string& path) {
  for (const auto& rule : field.rules) {
    if (json.is_string()) check_text(rule, json.get_string(), path);
    if (json.is_array() || json.is_object()) check_count(rule, json, path);
    auto number = number_of(&json);
    if (number && rule.kind == RuleKind::minimum && *number < rule.number) {
      refuse(path, fmt::format("must be at least {}, not {}", rule.number, *number));
    }
    if (number && rule.kind == RuleKind::maximum && *number > rule.number) {
      refuse(path, fmt::format("must be at most {}, not {}", rule.number, *number));
    }
  }
}

Result<> Decoder::result() const {
  if (problems_.empty()) return {};
  return fail(ErrorCode::invalid_input, fmt::format("{}", fmt::join(problems_, "; ")));
}

}  // namespace

const FieldRule* FieldDescription::find_rule(FieldRule::Kind kind) const {
  auto found = std::ranges::find(rules, kind, &FieldRule::kind);
  return found == rules.end() ? nullptr : &*found;
}

void FieldCollector::add(std::string_view name, const TypeDescription& type, const void* member,
                         std::string_view text, std::vector<FieldRule> rules) {
  auto offset =
      static_cast<std::size_t>(static_cast<const char*>(member) - static_cast<const char*>(self_));
  type_.fields.push_back({name, text, &type, offset, std::move(rules), encode_value(type, member)});
}

Json encode_value(const TypeDescription& type, const void* value) {
  switch (type.kind) {
    case Kind::text:
      return Json(as<std::string>(value));
    case Kind::boolean:
      return Json(as<bool>(value));
    case Kind::int32:
      return Json(as<std::int32_t>(value));
    case Kind::int64:
      return Json(as<std::int64_t>(value));
    case Kind::number:
      return Json(as<double>(value));
    case Kind::duration:
      return Json(format_duration(as<std::chrono::nanoseconds>(value)));
    case Kind::timestamp:
      return Json(format_nanoseconds(as<Timestamp>(value)));
    case Kind::quantity:
      return Json(as<Quantity>(value).text);
    case Kind::any:
      return as<Json>(value);
    case Kind::free_object:
      return as<JsonObject>(value);
    case Kind::enumeration:
      return Json(type.names.at(type.get_enumerator(value)));
    case Kind::object:
      return encode_object(type, value);
    case Kind::optional:
    case Kind::list:
    case Kind::map:
      return encode_container(type, value);
  }
  return {};
}

void keep_unknown(const TypeDescription& type, const Json& source, Json& encoded) {
  if (type.kind == Kind::optional) return keep_unknown(*type.item, source, encoded);
  if (type.kind != Kind::object || !source.is_object() || !encoded.is_object()) return;
  auto& target = encoded.get_object();
  for (const auto& member : source.get_object()) {
    auto name = std::string_view(member.key());
    auto field = std::ranges::find(type.fields, name, &FieldDescription::name);
    if (field == type.fields.end()) {
      target.emplace(name, member.value());
      continue;
    }
    // A nested struct that is left out because nothing known is set in it.
    bool is_left_out = !target.contains(name) && field->type->kind == Kind::object;
    if (is_left_out) target.emplace(name, JsonObject{});
    auto* value = target.if_contains(name);
    if (value != nullptr) keep_unknown(*field->type, member.value(), *value);
    if (is_left_out && target.at(name).get_object().empty()) target.erase(name);
  }
}

Result<> decode_value(const TypeDescription& type, const Json& json, std::string_view path,
                      void* value, const DecodeOptions& options) {
  Decoder decoder{options};
  decoder.decode(type, json, std::string(path), value);
  return decoder.result();
}

Result<std::int64_t> parse_quantity(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, long double>, 16> suffixes{
      {{"", 1.0L},
       {"n", 1e-9L},
       {"u", 1e-6L},
       {"m", 1e-3L},
       {"k", 1e3L},
       {"M", 1e6L},
       {"G", 1e9L},
       {"T", 1e12L},
       {"P", 1e15L},
       {"E", 1e18L},
       {"Ki", 1024.0L},
       {"Mi", 1048576.0L},
       {"Gi", 1073741824.0L},
       {"Ti", 1099511627776.0L},
       {"Pi", 1125899906842624.0L},
       {"Ei", 1152921504606846976.0L}}};
  auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  auto suffix = std::ranges::find(suffixes, text.substr(digits),
                                  &std::pair<std::string_view, long double>::first);
  auto number = std::string(text.substr(0, digits));
  if (suffix == suffixes.end() || number.find_first_of("0123456789") == std::string::npos ||
      std::ranges::count(number, '.') > 1 || text.size() > 32) {
    return fail(ErrorCode::invalid_input,
                fmt::format("'{}' is not a quantity such as 512Mi or 2Gi", text.substr(0, 64)));
  }
  auto value = std::ceil(std::strtold(number.c_str(), nullptr) * suffix->second);
  if (value >= 9.2e18L) {
    return fail(ErrorCode::invalid_input, fmt::format("'{}' is too large for a quantity", text));
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace dmaas
