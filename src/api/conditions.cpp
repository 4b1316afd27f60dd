#include "api/conditions.hpp"

#include <algorithm>
#include <array>

#include "base/describe.hpp"

namespace dmaas::kube {

constexpr auto names_of(ConditionStatus) {
  return std::to_array<std::string_view>({"False", "True", "Unknown"});
}

}  // namespace dmaas::kube

namespace dmaas {
namespace {

/// Lends kube::Condition the fields table that it does not have itself.
struct ConditionFields : kube::Condition {
  static void fields(auto& self, auto&& field) {
    field("type", self.type, "What the condition is about.", rule::required);
    field("status", self.status, "True, False or Unknown.", rule::required);
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that the condition is about.");
    field("lastTransitionTime", self.last_transition_time, "When the status changed last.");
    field("reason", self.reason, "The cause as one word, for programs.");
    field("message", self.message, "The cause and what helps, for people.");
  }
};

}  // namespace

template <>
const TypeDescription& description_of<kube::Condition>() {
  static_assert(sizeof(ConditionFields) == sizeof(kube::Condition));
  return description_of<ConditionFields>();
}

}  // namespace dmaas

namespace dmaas::api {

const Condition* find_condition(const Conditions& conditions, std::string_view type) {
  auto found = std::ranges::find(conditions, type, &Condition::type);
  return found == conditions.end() ? nullptr : &*found;
}

bool is_true(const Conditions& conditions, std::string_view type) {
  const auto* condition = find_condition(conditions, type);
  return condition != nullptr && condition->status == ConditionStatus::yes;
}

bool set_condition(Conditions& conditions, Condition condition, Timestamp now) {
  auto found = std::ranges::find(conditions, condition.type, &Condition::type);
  if (found == conditions.end()) {
    condition.last_transition_time = now;
    conditions.push_back(std::move(condition));
    return true;
  }
  bool same_status = found->status == condition.status && found->last_transition_time;
  condition.last_transition_time = same_status ? *found->last_transition_time : now;
  if (*found == condition) return false;
  *found = std::move(condition);
  return true;
}

void remove_condition(Conditions& conditions, std::string_view type) {
  std::erase_if(conditions, [&](const Condition& condition) { return condition.type == type; });
}

}  // namespace dmaas::api
