#include "kube/object/selector.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace dmaas::kube {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-' ||
         c == '/';
}

/// Reads the text form from left to right.
class Parser {
public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Requirement>> parse() {
    std::vector<Requirement> requirements;
    skip_space();
    if (at_end()) return requirements;
    do {
      requirements.push_back(TRY(requirement()));
    } while (accept(","));
    if (!at_end()) return unexpected("',' or the end");
    return requirements;
  }

private:
  Result<Requirement> requirement() {
    if (accept("!")) return Requirement{TRY(word()), SelectorOperator::does_not_exist, {}};
    auto key = TRY(word());
    if (accept("!=")) return Requirement{key, SelectorOperator::not_in, {optional_word()}};
    if (accept("==") || accept("="))
      return Requirement{key, SelectorOperator::in, {optional_word()}};
    if (at_end() || peek() == ',') return Requirement{key, SelectorOperator::exists, {}};
    auto operation = TRY(word());
    if (operation == "in") return Requirement{key, SelectorOperator::in, TRY(values())};
    if (operation == "notin") return Requirement{key, SelectorOperator::not_in, TRY(values())};
    return unexpected("'=', '!=', 'in' or 'notin'");
  }

  Result<std::vector<std::string>> values() {
    if (!accept("(")) return unexpected("'('");
    std::vector<std::string> values;
    do {
      values.push_back(optional_word());
    } while (accept(","));
    if (!accept(")")) return unexpected("')'");
    return values;
  }

  Result<std::string> word() {
    auto found = optional_word();
    if (found.empty()) return unexpected("a key");
    return found;
  }

  std::string optional_word() {
    auto begin = position_;
    while (!at_end() && is_word(peek())) ++position_;
    auto found = std::string(text_.substr(begin, position_ - begin));
    skip_space();
    return found;
  }

  bool accept(std::string_view token) {
    if (!text_.substr(position_).starts_with(token)) return false;
    position_ += token.size();
    skip_space();
    return true;
  }

  void skip_space() {
    while (!at_end() && std::isspace(static_cast<unsigned char>(peek()))) ++position_;
  }
  bool at_end() const { return position_ >= text_.size(); }
  char peek() const { return text_[position_]; }

  std::unexpected<Error> unexpected(std::string_view wanted) const {
    return fail(ErrorCode::invalid_input, "label selector \"" + std::string(text_) +
                                              "\": expected " + std::string(wanted) +
                                              " at position " + std::to_string(position_ + 1));
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

std::optional<SelectorOperator> operator_named(std::string_view name) {
  if (name == "In") return SelectorOperator::in;
  if (name == "NotIn") return SelectorOperator::not_in;
  if (name == "Exists") return SelectorOperator::exists;
  if (name == "DoesNotExist") return SelectorOperator::does_not_exist;
  return std::nullopt;
}

Result<Requirement> decode_expression(const Json& json) {
  auto operation = operator_named(text_at(json, "operator"));
  auto key = text_at(json, "key");
  if (!operation || key.empty()) {
    return fail(ErrorCode::invalid_input,
                "matchExpressions: each needs key and operator In, NotIn, Exists or DoesNotExist");
  }
  Requirement requirement{key, *operation, {}};
  for (const auto& value : items_at(json, "values")) {
    if (value.is_string()) requirement.values.emplace_back(value.get_string());
  }
  bool wants_values = *operation == SelectorOperator::in || *operation == SelectorOperator::not_in;
  if (wants_values == requirement.values.empty()) {
    return fail(ErrorCode::invalid_input, "matchExpressions: key " + key + ": values are " +
                                              (wants_values ? "needed" : "not allowed") +
                                              " with operator " + text_at(json, "operator"));
  }
  return requirement;
}

bool holds(const Requirement& requirement, const std::map<std::string, std::string>& labels) {
  auto found = labels.find(requirement.key);
  bool present = found != labels.end();
  auto among = [&] { return present && std::ranges::count(requirement.values, found->second) > 0; };
  switch (requirement.operation) {
    case SelectorOperator::in:
      return among();
    case SelectorOperator::not_in:
      return !among();
    case SelectorOperator::exists:
      return present;
    case SelectorOperator::does_not_exist:
      return !present;
  }
  return false;
}

std::string format(const Requirement& requirement) {
  auto joined = [&] {
    std::string values;
    for (const auto& value : requirement.values) values += (values.empty() ? "" : ",") + value;
    return "(" + values + ")";
  };
  bool single = requirement.values.size() == 1;
  switch (requirement.operation) {
    case SelectorOperator::exists:
      return requirement.key;
    case SelectorOperator::does_not_exist:
      return "!" + requirement.key;
    case SelectorOperator::in:
      return single ? requirement.key + "=" + requirement.values[0]
                    : requirement.key + " in " + joined();
    case SelectorOperator::not_in:
      return single ? requirement.key + "!=" + requirement.values[0]
                    : requirement.key + " notin " + joined();
  }
  return "";
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  return LabelSelector(TRY(Parser(text).parse()));
}

Result<LabelSelector> LabelSelector::from_json(const Json& selector) {
  std::vector<Requirement> requirements;
  if (const Json* labels = find(selector, "matchLabels");
      labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->get_object()) {
      if (!value.is_string()) {
        return fail(ErrorCode::invalid_input,
                    "matchLabels." + std::string(key) + ": must be a string");
      }
      requirements.push_back({key, SelectorOperator::in, {std::string(value.get_string())}});
    }
  }
  for (const auto& expression : items_at(selector, "matchExpressions")) {
    requirements.push_back(TRY(decode_expression(expression)));
  }
  return LabelSelector(std::move(requirements));
}

LabelSelector LabelSelector::from_map(const std::map<std::string, std::string>& labels) {
  std::vector<Requirement> requirements;
  for (const auto& [key, value] : labels) {
    requirements.push_back({key, SelectorOperator::in, {value}});
  }
  return LabelSelector(std::move(requirements));
}

bool LabelSelector::matches(const std::map<std::string, std::string>& labels) const {
  return std::ranges::all_of(requirements_, [&](const auto& one) { return holds(one, labels); });
}

std::string LabelSelector::text() const {
  std::string text;
  for (const auto& requirement : requirements_) {
    text += (text.empty() ? "" : ",") + format(requirement);
  }
  return text;
}

}  // namespace dmaas::kube
