#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dmaas {

/// The one document model. Objects keep their order of insertion.
using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

struct JsonLimits {
  std::size_t max_bytes = 64 << 20;
  std::size_t max_depth = 64;
};

/// Errors: invalid_input (with the position), exhausted (beyond `limits`).
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});
/// Compact, in order of insertion.
std::string to_text(const Json& json);
/// Two spaces of indentation, a newline at the end; for people.
std::string to_pretty_text(const Json& json);
/// Compact with sorted keys: equal documents have equal bytes.
std::string to_canonical_text(const Json& json);

/// The member at a path of keys, `find(pod, "spec", "nodeName")`; null when any step is missing or
/// not an object.
const Json* find(const Json& json, std::string_view key);
template <class... Keys>
const Json* find(const Json& json, std::string_view key, Keys... keys) {
  const Json* step = find(json, key);
  return step == nullptr ? nullptr : find(*step, keys...);
}

/// The string at a path, or "" when it is absent or not a string.
template <class... Keys>
std::string text_at(const Json& json, Keys... keys) {
  const Json* value = find(json, keys...);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}
/// The number at a path, or nothing when it is absent or not a whole number.
std::optional<std::int64_t> number_of(const Json* json);
template <class... Keys>
std::optional<std::int64_t> number_at(const Json& json, Keys... keys) {
  return number_of(find(json, keys...));
}
template <class... Keys>
bool flag_at(const Json& json, Keys... keys) {
  const Json* value = find(json, keys...);
  return value != nullptr && value->is_bool() && value->get_bool();
}
/// The items of the array at a path; empty when it is absent or not an array.
const JsonArray& items_of(const Json* json);
template <class... Keys>
const JsonArray& items_at(const Json& json, Keys... keys) {
  return items_of(find(json, keys...));
}

/// The object member `key` of `json`, made when absent; `json` and what is there become objects
/// when they are not.
JsonObject& ensure_object(Json& json, std::string_view key);

/// RFC 7386 merge patch: null removes, objects merge, everything else replaces.
void merge_patch(Json& target, const Json& patch);

}  // namespace dmaas
