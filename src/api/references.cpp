#include "api/references.hpp"

namespace dmaas::api {
namespace {

kube::SelectorOperator to_kube(LabelOperator operation) {
  switch (operation) {
    case LabelOperator::in:
      return kube::SelectorOperator::in;
    case LabelOperator::not_in:
      return kube::SelectorOperator::not_in;
    case LabelOperator::exists:
      return kube::SelectorOperator::exists;
    case LabelOperator::does_not_exist:
      break;
  }
  return kube::SelectorOperator::does_not_exist;
}

}  // namespace

kube::LabelSelector to_kube(const LabelSelector& selector) {
  std::vector<kube::Requirement> requirements;
  for (const auto& [key, value] : selector.match_labels) {
    requirements.push_back({key, kube::SelectorOperator::in, {value}});
  }
  for (const auto& expression : selector.match_expressions) {
    requirements.push_back({expression.key, to_kube(expression.operation), expression.values});
  }
  return kube::LabelSelector{std::move(requirements)};
}

}  // namespace dmaas::api
