#include "kube/object/json_patch.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace dmaas::kube {
namespace {

constexpr std::size_t max_operations = 10'000;  // as the API server

std::string unescape(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    bool escaped = token[i] == '~' && i + 1 < token.size();
    if (!escaped) {
      text += token[i];
    } else {
      text += token[++i] == '1' ? '/' : '~';
    }
  }
  return text;
}

Result<std::vector<std::string>> parse_pointer(const std::string& pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  if (pointer.front() != '/') return fail(ErrorCode::invalid_input, "path must begin with '/'");
  std::string_view rest(pointer);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    auto end = std::min(rest.find('/'), rest.size());
    tokens.push_back(unescape(rest.substr(0, end)));
    rest.remove_prefix(end);
  }
  return tokens;
}

std::optional<std::size_t> parse_index(const std::string& token) {
  std::size_t index = 0;
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  bool whole = error == std::errc{} && end == token.data() + token.size();
  return whole && !token.empty() ? std::optional(index) : std::nullopt;
}

Json* find_member(Json& json, const std::string& token) {
  if (json.is_object()) return json.get_object().if_contains(token);
  if (!json.is_array()) return nullptr;
  auto index = parse_index(token);
  return index ? json.get_array().if_contains(*index) : nullptr;
}

/// A place in the document: its parent exists, itself perhaps not.
struct Place {
  Json* root = nullptr;
  Json* parent = nullptr;  // null: the document itself
  std::string token{};

  Json* value() const { return parent == nullptr ? root : find_member(*parent, token); }
};

Result<Place> locate(Json& document, const std::string& pointer) {
  auto tokens = TRY(parse_pointer(pointer));
  if (tokens.empty()) return Place{&document, nullptr, ""};
  Json* parent = &document;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    parent = find_member(*parent, tokens[i]);
    if (parent == nullptr) return fail(ErrorCode::invalid_input, "there is nothing at this path");
  }
  return Place{&document, parent, tokens.back()};
}

Result<> add_value(const Place& place, Json value) {
  if (place.parent == nullptr) {
    *place.root = std::move(value);
  } else if (place.parent->is_object()) {
    place.parent->get_object()[place.token] = std::move(value);
  } else if (place.parent->is_array()) {
    auto& array = place.parent->get_array();
    auto index = place.token == "-" ? std::optional(array.size()) : parse_index(place.token);
    if (!index || *index > array.size()) {
      return fail(ErrorCode::invalid_input, "the index is beyond the end of the list");
    }
    array.insert(array.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  } else {
    return fail(ErrorCode::invalid_input, "the parent is neither object nor list");
  }
  return {};
}

Result<Json> take_value(const Place& place) {
  Json* value = place.value();
  if (value == nullptr || place.parent == nullptr) {
    return fail(ErrorCode::invalid_input, "there is nothing at this path");
  }
  Json taken = std::move(*value);
  if (place.parent->is_object()) {
    place.parent->get_object().stable_erase(place.token);
  } else {
    auto& array = place.parent->get_array();
    array.erase(array.begin() + static_cast<std::ptrdiff_t>(*parse_index(place.token)));
  }
  return taken;
}

Result<> test_value(Json& document, const std::string& path, const Json& expected) {
  auto place = locate(document, path);
  const Json* value = place ? place->value() : nullptr;
  bool holds = value == nullptr ? expected.is_null() : *value == expected;
  if (!holds) return fail(ErrorCode::conflict, "the value is not as expected");
  return {};
}

Result<Json> value_from(Json& document, const Json& operation, std::string_view name) {
  auto source = TRY(locate(document, text_at(operation, "from")));
  if (name == "move") return take_value(source);
  const Json* value = source.value();
  if (value == nullptr) return fail(ErrorCode::invalid_input, "there is nothing at \"from\"");
  return *value;
}

Result<> apply_operation(Json& document, const Json& operation) {
  auto name = text_at(operation, "op");
  auto path = text_at(operation, "path");
  const Json* value = find(operation, "value");
  bool needs_value = name == "add" || name == "replace" || name == "test";
  if (needs_value && value == nullptr) return fail(ErrorCode::invalid_input, "value is missing");
  if (name == "test") return test_value(document, path, *value);
  if (name == "move" || name == "copy") {
    auto moved = TRY(value_from(document, operation, name));
    return add_value(TRY(locate(document, path)), std::move(moved));
  }
  auto place = TRY(locate(document, path));
  if (name == "add") return add_value(place, *value);
  if (name == "replace") {
    if (place.value() == nullptr) {
      return fail(ErrorCode::invalid_input, "there is nothing at this path");
    }
    *place.value() = *value;
    return {};
  }
  if (name != "remove") return fail(ErrorCode::invalid_input, "unknown operation");
  TRY(take_value(place));
  return {};
}

}  // namespace

Result<> apply_json_patch(Json& document, const Json& operations) {
  if (!operations.is_array() || operations.get_array().size() > max_operations) {
    return fail(ErrorCode::invalid_input, "a JSON patch is a list of at most 10000 operations");
  }
  Json changed = document;
  for (const auto& operation : operations.get_array()) {
    TRY(apply_operation(changed, operation)
            .context(text_at(operation, "op") + " " + text_at(operation, "path")));
  }
  document = std::move(changed);
  return {};
}

}  // namespace dmaas::kube
