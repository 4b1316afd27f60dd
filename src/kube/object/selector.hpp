#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace dmaas::kube {

enum class SelectorOperator { in, not_in, exists, does_not_exist };

struct Requirement {
  std::string key{};
  SelectorOperator operation = SelectorOperator::exists;
  std::vector<std::string> values{};

  bool operator==(const Requirement&) const = default;
};

/// A label selector; all requirements must hold. Without requirements it matches everything.
class LabelSelector {
public:
  LabelSelector() = default;
  explicit LabelSelector(std::vector<Requirement> requirements)
      : requirements_(std::move(requirements)) {}

  /// The text form of kubectl: "app=web,tier in (a,b),!legacy,track!=canary". Errors:
  /// invalid_input.
  static Result<LabelSelector> parse(std::string_view text);
  /// The form of spec.selector: {matchLabels, matchExpressions}. Errors: invalid_input.
  static Result<LabelSelector> from_json(const Json& selector);
  /// The form of a Service's or ReplicationController's selector: a map, all of which must match.
  static LabelSelector from_map(const std::map<std::string, std::string>& labels);

  bool matches(const std::map<std::string, std::string>& labels) const;
  /// Whether it has no requirement, thus matches everything.
  bool is_empty() const { return requirements_.empty(); }
  /// For the labelSelector parameter of a request; `parse` reads it back.
  std::string text() const;
  const std::vector<Requirement>& requirements() const { return requirements_; }

  bool operator==(const LabelSelector&) const = default;

private:
  std::vector<Requirement> requirements_;
};

}  // namespace dmaas::kube
