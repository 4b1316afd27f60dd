#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

namespace dmaas {
namespace {

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

void write_pretty(const Json& json, std::size_t indent, std::string& out) {
  auto open_line = [&](std::size_t depth) { out += '\n' + std::string(depth * 2, ' '); };
  if (json.is_object() && !json.get_object().empty()) {
    bool first = true;
    for (const auto& [key, value] : json.get_object()) {
      out += first ? "{" : ",";
      first = false;
      open_line(indent + 1);
      out += quoted(key) + ": ";
      write_pretty(value, indent + 1, out);
    }
    open_line(indent);
    out += '}';
  } else if (json.is_array() && !json.get_array().empty()) {
    bool first = true;
    for (const auto& value : json.get_array()) {
      out += first ? "[" : ",";
      first = false;
      open_line(indent + 1);
      write_pretty(value, indent + 1, out);
    }
    open_line(indent);
    out += ']';
  } else {
    out += boost::json::serialize(json);
  }
}

void write_canonical(const Json& json, std::string& out) {
  if (json.is_object()) {
    std::vector<const JsonObject::value_type*> members;
    for (const auto& member : json.get_object()) members.push_back(&member);
    std::ranges::sort(members, {}, [](auto* member) { return std::string_view(member->key()); });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      out += quoted(members[i]->key()) + ':';
      write_canonical(members[i]->value(), out);
    }
    out += '}';
  } else if (json.is_array()) {
    const auto& items = json.get_array();
    out += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out += ',';
      write_canonical(items[i], out);
    }
    out += ']';
  } else {
    out += boost::json::serialize(json);
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return fail(ErrorCode::exhausted, fmt::format("JSON text of {} bytes is over the limit of {}",
                                                  text.size(), limits.max_bytes));
  }
  boost::json::parse_options options;
  options.max_depth = limits.max_depth;
  boost::json::parser parser({}, options);
  boost::json::error_code error;
  auto used = parser.write(text.data(), text.size(), error);
  if (error) {
    return fail(ErrorCode::invalid_input,
                fmt::format("not valid JSON near byte {}: {}", used, error.message()));
  }
  return parser.release();
}

std::string to_text(const Json& json) {
  return boost::json::serialize(json);
}

std::string to_pretty_text(const Json& json) {
  std::string out;
  write_pretty(json, 0, out);
  return out + "\n";
}

std::string to_canonical_text(const Json& json) {
  std::string out;
  write_canonical(json, out);
  return out;
}

const Json* find(const Json& json, std::string_view key) {
  return json.is_object() ? json.get_object().if_contains(key) : nullptr;
}

std::optional<std::int64_t> number_of(const Json* json) {
  if (json == nullptr) return std::nullopt;
  if (json->is_int64()) return json->get_int64();
  if (json->is_uint64() && json->get_uint64() <= INT64_MAX) {
    return static_cast<std::int64_t>(json->get_uint64());
  }
  return std::nullopt;
}

const JsonArray& items_of(const Json* json) {
  static const JsonArray none;
  return json != nullptr && json->is_array() ? json->get_array() : none;
}

JsonObject& ensure_object(Json& json, std::string_view key) {
  if (!json.is_object()) json.emplace_object();
  auto& member = json.get_object()[key];
  if (!member.is_object()) member.emplace_object();
  return member.get_object();
}

void merge_patch(Json& target, const Json& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target.emplace_object();
  auto& object = target.get_object();
  for (const auto& [key, value] : patch.get_object()) {
    if (value.is_null()) {
      object.erase(key);
    } else {
      merge_patch(object[key], value);
    }
  }
}

}  // namespace dmaas
