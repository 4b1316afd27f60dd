#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "applications/discovery/facts.hpp"
#include "applications/object_id.hpp"
#include "applications/restore/pod_labels.hpp"

namespace dmaas::applications {

struct NamingRules {
  std::map<std::string, std::string> namespaces{};       // one that is not named keeps its name
  std::map<std::string, std::string> storage_classes{};  // to "": the destination's default class
  std::string prefix{};                                  // "" or, to restore as new, "test-"
};

/// What the objects of a restore are called at the destination. Immutable, thread-safe.
///
/// With a prefix, the objects of the restore are renamed together with all structured references
/// between them, claims of StatefulSets by the name of their new StatefulSet, and labels and
/// selectors of pods change (pod_labels.hpp), so that copy and original do not share pods.
/// References to objects outside the restore, names inside free text (environment values,
/// ConfigMaps) and inside custom resources stay.
class Naming {
public:
  /// `restored`: all objects of the restore.
  Naming(NamingRules rules, const std::vector<const ObjectFacts*>& restored);

  const NamingRules& rules() const { return rules_; }
  ObjectId destination_of(const ObjectId& source) const;
  /// Renames the object itself and what it refers to.
  void rename(Json& object) const;
  /// A selector of pods of that namespace of the source: it then finds them at the destination.
  void rename_selector(Json& selector, const std::string& source_namespace) const;

private:
  struct StatefulSet {
    std::string namespace_name{};
    std::string name{};
    std::vector<std::string> claim_templates{};
  };

  std::string destination_namespace(const std::string& source) const;
  std::string destination_claim(const kube::ObjectKey& claim) const;
  void map_storage_class(Json* claim_spec) const;
  void map_storage_classes(Json& object) const;
  void map_subject_groups(Json& binding) const;
  void free_node_ports(Json& service) const;
  void map_resource_names(Json& role, const std::string& source_namespace) const;

  NamingRules rules_;
  std::unordered_set<ObjectId> renamed_;
  std::unordered_map<std::string, std::string>
      kinds_by_resource_;  // "deployments.apps" → "Deployment"
  std::vector<StatefulSet> stateful_sets_;
  PodLabels pod_labels_;
};

/// Kinds of which a cluster has one object for all: a restore as new takes part in them, it does
/// not copy them.
bool is_shared_by_the_cluster(const ObjectId& id);

}  // namespace dmaas::applications
