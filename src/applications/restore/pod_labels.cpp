#include "applications/restore/pod_labels.hpp"

#include <algorithm>

#include "applications/json_walk.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

bool matches_any(const kube::LabelSelector& selector,
                 const std::set<std::map<std::string, std::string>>& pods) {
  return std::ranges::any_of(pods, [&](const auto& labels) { return selector.matches(labels); });
}

/// A Service's selector is a bare map of labels.
bool has_map_selector(const Json& object) {
  const std::string kind = kube::kind_of(object);
  return kind == "Service" || kind == "ReplicationController";
}

}  // namespace

PodLabels::PodLabels(std::string prefix, const std::vector<const ObjectFacts*>& restored)
    : prefix_(std::move(prefix)) {
  for (const ObjectFacts* facts : restored) {
    if (facts->pod_labels) pods_[facts->id.key.namespace_name].labels.insert(*facts->pod_labels);
  }
  for (const ObjectFacts* facts : restored) {
    const auto pods = pods_.find(facts->id.key.namespace_name);
    if (pods == pods_.end()) continue;
    if (facts->selects_pods) note_selector(*facts->selects_pods, pods->second);
    if (facts->own_selector) note_selector(*facts->own_selector, pods->second);
  }
}

void PodLabels::note_selector(const kube::LabelSelector& selector, Pods& pods) const {
  if (!matches_any(selector, pods.labels)) return;
  for (const auto& requirement : selector.requirements()) {
    if (requirement.operation != kube::SelectorOperator::in) continue;
    for (const auto& value : requirement.values) pods.found_by.emplace(requirement.key, value);
  }
}

void PodLabels::rewrite_labels(Json* labels, const Pods& pods) const {
  if (labels == nullptr || !labels->is_object()) return;
  for (auto& [key, value] : labels->get_object()) {
    if (!pods.found_by.contains({std::string(key), text_of(&value)})) continue;
    value = kube::to_label_value(prefix_ + text_of(&value));
  }
}

void PodLabels::rewrite_selector(Json* selector, const Pods& pods) const {
  if (selector == nullptr) return;
  const auto parsed = kube::LabelSelector::from_json(*selector);
  if (!parsed || !matches_any(*parsed, pods.labels)) return;
  rewrite_labels(at(selector, "matchLabels"), pods);
  for_each_item(at(selector, "matchExpressions"), [&](Json* expression) {
    const std::string key = text_of(at(expression, "key"));
    for_each_item(at(expression, "values"), [&](Json* value) {
      if (pods.found_by.contains({key, text_of(value)}))
        *value = kube::to_label_value(prefix_ + text_of(value));
    });
  });
}

void PodLabels::rewrite_pod_spec(Json* spec, const Pods& pods) const {
  for (std::string_view kind : {"podAffinity", "podAntiAffinity"}) {
    Json* affinity = at(spec, "affinity", kind);
    for_each_item(at(affinity, "requiredDuringSchedulingIgnoredDuringExecution"),
                  [&](Json* term) { rewrite_selector(at(term, "labelSelector"), pods); });
    for_each_item(at(affinity, "preferredDuringSchedulingIgnoredDuringExecution"), [&](Json* term) {
      rewrite_selector(at(term, "podAffinityTerm", "labelSelector"), pods);
    });
  }
  for_each_item(at(spec, "topologySpreadConstraints"),
                [&](Json* constraint) { rewrite_selector(at(constraint, "labelSelector"), pods); });
}

void PodLabels::rewrite_peers(Json* rules, std::string_view direction, const Pods& pods) const {
  for_each_item(rules, [&](Json* rule) {
    for_each_item(at(rule, direction), [&](Json* peer) {
      if (at(peer, "namespaceSelector") == nullptr) rewrite_selector(at(peer, "podSelector"), pods);
    });
  });
}

void PodLabels::rewrite_selector(Json& selector, const std::string& source_namespace) const {
  const auto found = pods_.find(source_namespace);
  if (found != pods_.end()) rewrite_selector(&selector, found->second);
}

void PodLabels::rewrite(Json& object) const {
  const auto found = pods_.find(kube::namespace_of(object));
  if (found == pods_.end()) return;
  const Pods& pods = found->second;
  Json* selector = at(&object, "spec", "selector");
  if (has_map_selector(object) && selector != nullptr) {
    // The longer form of the same selector, so that there is one way to rewrite.
    Json long_form = JsonObject{{"matchLabels", *selector}};
    rewrite_selector(&long_form, pods);
    *selector = *at(&long_form, "matchLabels");
  } else {
    rewrite_selector(selector, pods);
  }
  rewrite_selector(at(&object, "spec", "podSelector"), pods);
  rewrite_peers(at(&object, "spec", "ingress"), "from", pods);
  rewrite_peers(at(&object, "spec", "egress"), "to", pods);
  if (Json* holder = pod_template_of(object)) {
    rewrite_labels(at(holder, "metadata", "labels"), pods);
    rewrite_pod_spec(at(holder, "spec"), pods);
  }
}

}  // namespace dmaas::applications
