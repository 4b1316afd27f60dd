#include "applications/restore/dropped_fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "applications/json_walk.hpp"

namespace dmaas::applications {
namespace {

constexpr std::size_t max_fields = 20;

/// Servers leave such values out of their answers.
bool is_empty(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_bool()) return !value.get_bool();
  if (value.is_number()) return value.to_number<double>() == 0;
  if (value.is_string()) return value.get_string().empty();
  if (value.is_array()) return value.get_array().empty();
  for (const auto& [key, field] : value.get_object()) {
    if (!is_empty(field)) return false;
  }
  return true;
}

class Comparison {
public:
  void compare(const Json& sent, const Json& answer, const std::string& path) {
    if (sent.is_object() && answer.is_object()) {
      compare_objects(sent.get_object(), answer.get_object(), path);
    } else if (sent.is_array() && answer.is_array() &&
               sent.get_array().size() == answer.get_array().size()) {
      for (std::size_t i = 0; i < sent.get_array().size(); ++i)
        compare(sent.get_array()[i], answer.get_array()[i], fmt::format("{}[{}]", path, i));
    }
  }

  std::vector<std::string> take() { return std::move(dropped_); }

private:
  void compare_objects(const JsonObject& sent, const JsonObject& answer, const std::string& path) {
    for (const auto& [key, value] : sent) {
      if (dropped_.size() == max_fields) return;
      const std::string name(key);
      const std::string place = path.empty() ? name : path + "." + name;
      if (place == "status" || is_empty(value)) continue;
      const Json* found = answer.if_contains(key);
      if (found == nullptr) {
        dropped_.push_back(place);
      } else {
        compare(value, *found, place);
      }
    }
  }

  std::vector<std::string> dropped_;
};

}  // namespace

std::vector<std::string> dropped_fields(const Json& sent, const Json& answer) {
  Comparison comparison;
  comparison.compare(sent, answer, "");
  return comparison.take();
}

std::string describe_dropped(const std::vector<std::string>& fields) {
  if (fields.empty()) return {};
  return fmt::format(
      "the cluster drops {}: its version does not know that, or a webhook takes it out",
      fmt::join(fields, ", "));
}

}  // namespace dmaas::applications
