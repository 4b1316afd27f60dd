#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "applications/references.hpp"
#include "base/json.hpp"
#include "kube/object/object.hpp"
#include "kube/object/selector.hpp"

namespace dmaas::applications {

/// What discovery remembers of one object: enough to find out what belongs together, small enough
/// to keep for all objects of a namespace.
struct ObjectFacts {
  kube::Resource resource{};
  ObjectId id{};
  std::string uid{};
  std::map<std::string, std::string> labels{};
  std::map<std::string, std::string> annotations{};  // see selectable_annotations_of
  std::string helm_release{};  // of Helm's annotation or of a release record's label
  std::vector<kube::OwnerReference> owners{};
  std::vector<Reference> references{};
  /// Of Service, PodDisruptionBudget and NetworkPolicy: the pods that it serves.
  std::optional<kube::LabelSelector> selects_pods{};
  /// Of what has a pod template: the pods that are its own.
  std::optional<kube::LabelSelector> own_selector{};
  /// Of pods and of what has a pod template: labels of its pods.
  std::optional<std::map<std::string, std::string>> pod_labels{};
  std::vector<std::string> claim_templates{};  // of StatefulSets
  std::string node{};                          // of pods
  std::string pod_phase{};
  std::string_view never_stored{};  // the reason; "": it may be stored
};

/// What rules look at: of each value the first 256 bytes. Not what kubectl keeps of the whole
/// object.
std::map<std::string, std::string> selectable_annotations_of(const Json& object);

ObjectFacts facts_of(const kube::Resource& resource, const Json& object);

/// The claim was made from a template of the StatefulSet: "data-db-0" from template "data" of "db".
bool is_claim_of(const std::string& claim, const std::string& claim_template,
                 const std::string& stateful_set);

}  // namespace dmaas::applications
