#include "kube/object/field_path.hpp"

#include <charconv>

namespace dmaas::kube {
namespace {

std::unexpected<Error> broken(std::string_view text, std::string_view why) {
  return fail(ErrorCode::invalid_input,
              "field path \"" + std::string(text) + "\": " + std::string(why));
}

/// What stands between '[' and ']': a number, or a key in quotes.
Result<FieldPath::Step> parse_bracket(std::string_view text, std::string_view inside) {
  if (inside.size() >= 2 && (inside.front() == '\'' || inside.front() == '"') &&
      inside.back() == inside.front()) {
    return FieldPath::Step{std::string(inside.substr(1, inside.size() - 2))};
  }
  std::size_t index = 0;
  auto [end, error] = std::from_chars(inside.data(), inside.data() + inside.size(), index);
  if (error != std::errc{} || end != inside.data() + inside.size()) {
    return broken(text, "'[' needs a number or a key in quotes");
  }
  return FieldPath::Step{index};
}

template <class Document>
Document* find_step(Document* document, const FieldPath::Step& step) {
  if (const auto* key = std::get_if<std::string>(&step)) {
    return document->is_object() ? document->get_object().if_contains(*key) : nullptr;
  }
  auto index = std::get<std::size_t>(step);
  return document->is_array() ? document->get_array().if_contains(index) : nullptr;
}

template <class Document>
Document* find_path(Document* document, const std::vector<FieldPath::Step>& steps) {
  for (const auto& step : steps) {
    if (document == nullptr) return nullptr;
    document = find_step(document, step);
  }
  return document;
}

}  // namespace

Result<FieldPath> FieldPath::parse(std::string_view text) {
  FieldPath path;
  std::size_t position = text.starts_with('.') ? 1 : 0;
  while (position < text.size()) {
    if (text[position] == '[') {
      auto close = text.find(']', position);
      if (close == std::string_view::npos) return broken(text, "']' is missing");
      auto inside = text.substr(position + 1, close - position - 1);
      path.steps_.push_back(TRY(parse_bracket(text, inside)));
      position = close + 1;
    } else {
      auto end = std::min(text.find_first_of(".[", position), text.size());
      if (end == position) return broken(text, "a name is missing");
      path.steps_.emplace_back(std::string(text.substr(position, end - position)));
      position = end;
    }
    if (position < text.size() && text[position] == '.') {
      ++position;
      if (position == text.size()) return broken(text, "a name is missing");
    } else if (position < text.size() && text[position] != '[') {
      return broken(text, "expected '.' or '['");
    }
  }
  return path;
}

const Json* FieldPath::find_in(const Json& document) const {
  return find_path(&document, steps_);
}
Json* FieldPath::find_in(Json& document) const {
  return find_path(&document, steps_);
}

std::string FieldPath::pointer() const {
  std::string pointer;
  for (const auto& step : steps_) {
    const auto* key = std::get_if<std::string>(&step);
    pointer +=
        "/" + (key != nullptr ? escape_pointer(*key) : std::to_string(std::get<std::size_t>(step)));
  }
  return pointer;
}

std::string escape_pointer(std::string_view key) {
  std::string escaped;
  for (char c : key) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace dmaas::kube
