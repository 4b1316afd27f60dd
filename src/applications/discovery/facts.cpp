#include "applications/discovery/facts.hpp"

#include <algorithm>

#include "applications/discovery/never_stored.hpp"

namespace dmaas::applications {
namespace {

std::map<std::string, std::string> texts_of(const Json* object) {
  std::map<std::string, std::string> texts;
  if (object == nullptr || !object->is_object()) return texts;
  for (const auto& [key, value] : object->get_object()) {
    if (value.is_string()) texts.emplace(key, value.get_string());
  }
  return texts;
}

std::optional<kube::LabelSelector> parse_selector(const Json* selector) {
  if (selector == nullptr) return std::nullopt;
  auto parsed = kube::LabelSelector::from_json(*selector);
  if (!parsed) return std::nullopt;
  return *std::move(parsed);
}

/// A map of labels, as in Services; an empty one selects nothing.
std::optional<kube::LabelSelector> parse_label_map(const Json* selector) {
  const auto labels = texts_of(selector);
  if (labels.empty()) return std::nullopt;
  return kube::LabelSelector::from_map(labels);
}

std::optional<kube::LabelSelector> pod_selector_of(const Json& object) {
  const std::string kind = kube::kind_of(object);
  if (kind == "Service") return parse_label_map(find(object, "spec", "selector"));
  if (kind == "PodDisruptionBudget") return parse_selector(find(object, "spec", "selector"));
  if (kind == "NetworkPolicy") return parse_selector(find(object, "spec", "podSelector"));
  return std::nullopt;
}

std::optional<kube::LabelSelector> own_selector_of(const Json& object) {
  const Json* selector = find(object, "spec", "selector");
  return kube::kind_of(object) == "ReplicationController" ? parse_label_map(selector)
                                                          : parse_selector(selector);
}

std::string helm_release_of(const Json& object) {
  if (kube::label_of(object, "owner") == "helm") return kube::label_of(object, "name");
  return kube::annotation_of(object, "meta.helm.sh/release-name");
}

void add_implied_references(const Json& object, ObjectFacts& facts) {
  const Json* pod_spec = pod_spec_of(object);
  if (pod_spec != nullptr && text_at(*pod_spec, "serviceAccountName").empty()) {
    facts.references.push_back({{"", "ServiceAccount", {facts.id.key.namespace_name, "default"}},
                                ReferenceRole::needs,
                                "default account"});
  }
  // Endpoints belong to the Service of the same name.
  if (facts.id.kind == "Endpoints" && facts.id.group.empty()) {
    facts.references.push_back({{"", "Service", facts.id.key}, ReferenceRole::acts_on, "its name"});
  }
}

}  // namespace

std::map<std::string, std::string> selectable_annotations_of(const Json& object) {
  constexpr std::size_t max_value_bytes = 256;
  std::map<std::string, std::string> selectable;
  const Json* annotations = find(object, "metadata", "annotations");
  if (annotations == nullptr || !annotations->is_object()) return selectable;
  for (const auto& [name, value] : annotations->get_object()) {
    if (!value.is_string() || name == "kubectl.kubernetes.io/last-applied-configuration") continue;
    selectable.emplace(name, std::string_view(value.get_string()).substr(0, max_value_bytes));
  }
  return selectable;
}

ObjectFacts facts_of(const kube::Resource& resource, const Json& object) {
  ObjectFacts facts;
  facts.resource = resource;
  facts.id = {resource.group, resource.kind, kube::key_of(object)};
  facts.uid = kube::uid_of(object);
  facts.labels = kube::labels_of(object);
  facts.annotations = selectable_annotations_of(object);
  facts.helm_release = helm_release_of(object);
  facts.owners = kube::owner_references_of(object);
  facts.references = references_of(object);
  add_implied_references(object, facts);
  facts.selects_pods = pod_selector_of(object);
  if (const Json* holder = pod_template_of(object)) {
    facts.pod_labels = texts_of(find(*holder, "metadata", "labels"));
    facts.own_selector = own_selector_of(object);
  }
  if (resource.kind == "StatefulSet") {
    for (const auto& item : items_at(object, "spec", "volumeClaimTemplates")) {
      facts.claim_templates.push_back(text_at(item, "metadata", "name"));
    }
  }
  if (resource.kind == "Pod") {
    facts.node = text_at(object, "spec", "nodeName");
    facts.pod_phase = text_at(object, "status", "phase");
  }
  facts.never_stored = reason_never_stored(object);
  return facts;
}

bool is_claim_of(const std::string& claim, const std::string& claim_template,
                 const std::string& stateful_set) {
  const std::string prefix = claim_template + "-" + stateful_set + "-";
  if (!claim.starts_with(prefix) || claim.size() == prefix.size()) return false;
  return std::all_of(claim.begin() + static_cast<std::ptrdiff_t>(prefix.size()), claim.end(),
                     [](unsigned char c) { return c >= '0' && c <= '9'; });
}

}  // namespace dmaas::applications
