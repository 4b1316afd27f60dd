#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

/// One description per data type. A struct lists its members once:
///
///   struct Run {
///     std::string name;
///     std::optional<Duration> timeout;
///
///     static void fields(auto& self, auto&& field) {
///       field("name", self.name, "Names the run within the plan.", rule::required,
///       rule::max_length(15)); field("timeout", self.timeout, "The session fails after this
///       time."); field.rule("self.name != 'all'", "name must not be 'all': choose another name");
///     }
///   };
///
/// and JSON in both directions, the CRD schema and the reference are derived from it. Members may
/// be std::string, bool, std::int32_t, std::int64_t, double, Duration, Timestamp, Quantity, Json
/// (free form), JsonObject, enums with `names_of`, structs with `fields`, and std::optional,
/// std::vector, std::map<std::string, T> of those. Exactly one .cpp says `DMAAS_DESCRIBE(Run)`
/// (base/describe.hpp); all others link to it.
namespace dmaas {

/// A Kubernetes quantity as written: "512Mi", "2", "500m".
struct Quantity {
  std::string text;
  bool operator==(const Quantity&) const = default;
};
/// Whole units (bytes), rounded up: "1Ki" is 1024, "500m" is 1. Errors: invalid_input (not a
/// quantity, or beyond 2^63).
Result<std::int64_t> parse_quantity(std::string_view text);

struct FieldRule {
  enum class Kind {
    required,
    immutable,
    always,
    with_default,
    pattern,
    minimum,
    maximum,
    min_length,
    max_length,
    min_items,
    max_items,
    keys,
    cel,
  };
  Kind kind;
  std::int64_t number = 0;
  std::string_view text = {};
  std::string_view remedy = {};
};

namespace rule {
inline constexpr FieldRule required{FieldRule::Kind::required};
/// May be set once and never changed.
inline constexpr FieldRule immutable{FieldRule::Kind::immutable};
/// Written even when it has the value of a fresh struct.
inline constexpr FieldRule always{FieldRule::Kind::always};
/// The value of a fresh struct is shown as default in the schema and set by the API server.
inline constexpr FieldRule with_default{FieldRule::Kind::with_default};
/// `remedy` completes "spec.x: 'value' ": "must be an absolute path, such as /backups".
constexpr FieldRule pattern(std::string_view expression, std::string_view remedy) {
  return {FieldRule::Kind::pattern, 0, expression, remedy};
}
constexpr FieldRule minimum(std::int64_t value) {
  return {FieldRule::Kind::minimum, value};
}
constexpr FieldRule maximum(std::int64_t value) {
  return {FieldRule::Kind::maximum, value};
}
constexpr FieldRule min_length(std::int64_t bytes) {
  return {FieldRule::Kind::min_length, bytes};
}
constexpr FieldRule max_length(std::int64_t bytes) {
  return {FieldRule::Kind::max_length, bytes};
}
constexpr FieldRule min_items(std::int64_t count) {
  return {FieldRule::Kind::min_items, count};
}
constexpr FieldRule max_items(std::int64_t count) {
  return {FieldRule::Kind::max_items, count};
}
/// The list is a map by these members of its items, comma-separated: "name" or "kind,name".
constexpr FieldRule keys(std::string_view names) {
  return {FieldRule::Kind::keys, 0, names};
}
/// Checked by the API server on this field; our own `validate` functions must say the same in C++.
constexpr FieldRule cel(std::string_view expression, std::string_view message) {
  return {FieldRule::Kind::cel, 0, expression, message};
}
}  // namespace rule

struct TypeDescription;

struct FieldDescription {
  std::string_view name;
  std::string_view text;  // documentation
  const TypeDescription* type = nullptr;
  std::size_t offset = 0;  // of the member within its struct
  std::vector<FieldRule> rules;
  Json fresh;  // the member's value in a fresh struct

  const FieldRule* find_rule(FieldRule::Kind kind) const;
};

/// What the functions below walk; made once per type by base/describe.hpp. Immutable, lives as long
/// as the process.
struct TypeDescription {
  enum class Kind {
    text,
    boolean,
    int32,
    int64,
    number,
    duration,
    timestamp,
    quantity,
    any,
    free_object,
    enumeration,
    optional,
    list,
    map,
    object,
  };
  using Visit = std::function<void(std::string_view key, const void* item)>;

  Kind kind = Kind::any;
  std::vector<std::string_view> names;    // enumeration: by value
  const TypeDescription* item = nullptr;  // optional, list, map
  std::vector<FieldDescription> fields;   // object
  std::vector<FieldRule> rules;           // object: CEL over several fields

  std::size_t (*get_enumerator)(const void* value) = nullptr;
  void (*set_enumerator)(void* value, std::size_t index) = nullptr;
  void (*visit)(const void* container,
                const Visit& visit) = nullptr;  // optional, list, map; key only for map
  void* (*add)(void* container, std::string_view key) = nullptr;  // a fresh item
  void (*clear)(void* container) = nullptr;
};

/// Defined by DMAAS_DESCRIBE(T) in one .cpp.
template <class T>
const TypeDescription& description_of();

struct DecodeOptions {
  enum class Rules {
    check,
    ignore
  };  // ignore: types only, for what an older or newer version wrote
  Rules rules = Rules::check;
  std::vector<std::string>* unknown_fields =
      nullptr;  // receives the paths of fields that `T` does not have
};

/// Absent optionals, and members equal to those of a fresh struct, are left out unless they are
/// required or `always`.
Json encode_value(const TypeDescription& type, const void* value);
/// Fills `value`, which must be fresh. Errors: invalid_input with all problems (at most 10), each
/// "path: what is wrong and what to write instead". null counts as absent.
Result<> decode_value(const TypeDescription& type, const Json& json, std::string_view path,
                      void* value, const DecodeOptions& options = {});

template <class T>
Json to_json(const T& value) {
  return encode_value(description_of<T>(), &value);
}
template <class T>
Result<T> from_json(const Json& json, std::string_view path = {},
                    const DecodeOptions& options = {}) {
  T value{};
  TRY(decode_value(description_of<T>(), json, path, &value, options));
  return value;
}

/// Adds to `encoded` the members of `source` that `type` does not have, also in nested objects; the
/// entries of lists and maps are taken as they are.
void keep_unknown(const TypeDescription& type, const Json& source, Json& encoded);

/// The structural OpenAPI v3 schema of a CustomResourceDefinition.
Json schema_of(const TypeDescription& type);
/// Markdown table rows, depth first: | `path` | type | rules | text |
std::string reference_rows(const TypeDescription& type, std::string_view path);

/// Enums with names in order of their values, which start at 0 without gaps:
///   constexpr auto names_of(Phase) { return std::to_array<std::string_view>({"Pending", "Done"});
///   }
template <class E>
  requires requires(E value) { names_of(value).size(); }
constexpr std::string_view name_of(E value) {
  constexpr auto names = names_of(E{});
  auto index = static_cast<std::size_t>(value);
  return index < names.size() ? names[index] : std::string_view{};
}

}  // namespace dmaas
