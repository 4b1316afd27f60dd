#include "base/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>

namespace dmaas {
namespace {

constexpr std::size_t max_text_bytes = 16 << 20;
constexpr int max_depth = 100;
constexpr std::size_t max_nodes = 1'000'000;

template <class Number>
bool parse_whole(std::string_view text, Number& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

/// YAML 1.2 core schema for a plain (unquoted) scalar.
Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t whole = 0;
  if (parse_whole(digits, whole)) return whole;
  double real = 0;
  bool number_like = digits.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
  if (number_like && parse_whole(digits, real) && std::isfinite(real)) return real;
  return boost::json::string(text);
}

class Converter {
public:
  Result<Json> convert(const YAML::Node& node, int depth) {
    if (depth > max_depth || ++nodes_ > max_nodes) {
      return fail(ErrorCode::exhausted, "YAML text is nested too deeply or has too many nodes");
    }
    if (node.IsSequence()) return sequence(node, depth);
    if (node.IsMap()) return map(node, depth);
    if (!node.IsScalar()) return Json(nullptr);
    if (node.Tag() == "!") return Json(boost::json::string(node.Scalar()));
    return plain_scalar(node.Scalar());
  }

private:
  Result<Json> sequence(const YAML::Node& node, int depth) {
    JsonArray items;
    for (const auto& item : node) items.push_back(TRY(convert(item, depth + 1)));
    return Json(std::move(items));
  }

  Result<Json> map(const YAML::Node& node, int depth) {
    JsonObject object;
    for (const auto& member : node) {
      if (!member.first.IsScalar()) {
        return fail(ErrorCode::invalid_input, "YAML map with a key that is not a string");
      }
      object[member.first.Scalar()] = TRY(convert(member.second, depth + 1));
    }
    return Json(std::move(object));
  }

  std::size_t nodes_ = 0;
};

void emit(YAML::Emitter& out, const Json& json) {
  if (json.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, value] : json.get_object()) {
      out << YAML::Key << std::string(key) << YAML::Value;
      emit(out, value);
    }
    out << YAML::EndMap;
  } else if (json.is_array()) {
    out << YAML::BeginSeq;
    for (const auto& value : json.get_array()) emit(out, value);
    out << YAML::EndSeq;
  } else if (json.is_string()) {
    std::string text(json.get_string());
    bool ambiguous = !plain_scalar(text).is_string();
    if (ambiguous) out << YAML::DoubleQuoted;
    if (text.find('\n') != std::string::npos) out << YAML::Literal;
    out << text;
  } else if (json.is_null()) {
    out << YAML::Null;
  } else {
    out << to_text(json);
  }
}

}  // namespace

Result<std::vector<Json>> parse_yaml_documents(std::string_view text) {
  if (text.size() > max_text_bytes) {
    return fail(ErrorCode::exhausted, fmt::format("YAML text of {} bytes is over the limit of {}",
                                                  text.size(), max_text_bytes));
  }
  try {
    std::vector<Json> documents;
    for (const auto& node : YAML::LoadAll(std::string(text))) {
      auto document = TRY(Converter{}.convert(node, 0));
      if (!document.is_null()) documents.push_back(std::move(document));
    }
    return documents;
  } catch (const YAML::Exception& exception) {
    return fail(ErrorCode::invalid_input, fmt::format("not valid YAML: {}", exception.what()));
  }
}

Result<Json> parse_yaml(std::string_view text) {
  auto documents = TRY(parse_yaml_documents(text));
  if (documents.size() != 1) {
    return fail(ErrorCode::invalid_input,
                fmt::format("expected one YAML document, found {}", documents.size()));
  }
  return std::move(documents.front());
}

std::string to_yaml(const Json& json) {
  YAML::Emitter out;
  emit(out, json);
  return std::string(out.c_str()) + "\n";
}

}  // namespace dmaas
