#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "applications/discovery/facts.hpp"
#include "base/json.hpp"

namespace dmaas::applications {

/// Keeps the pods of a copy and those of the original apart: where both live in one namespace, a
/// Service of either would otherwise send traffic to both. The labels by which selectors of the
/// restore find its pods get new values ("db" → "test-db"), in the pods and in those selectors.
/// Selectors that mean other pods stay. Immutable, thread-safe.
class PodLabels {
public:
  PodLabels() = default;
  /// `restored`: all objects of the restore.
  PodLabels(std::string prefix, const std::vector<const ObjectFacts*>& restored);

  /// `object` still has the name and namespace of the source.
  void rewrite(Json& object) const;
  void rewrite_selector(Json& selector, const std::string& source_namespace) const;

private:
  using Labels = std::map<std::string, std::string>;
  struct Pods {
    std::set<Labels> labels{};  // of the pods of the restore
    std::set<std::pair<std::string, std::string>>
        found_by{};  // the labels by which selectors find them
  };

  void note_selector(const kube::LabelSelector& selector, Pods& pods) const;
  void rewrite_selector(Json* selector, const Pods& pods) const;
  void rewrite_labels(Json* labels, const Pods& pods) const;
  void rewrite_pod_spec(Json* spec, const Pods& pods) const;
  void rewrite_peers(Json* rules, std::string_view direction, const Pods& pods) const;

  std::string prefix_;
  std::map<std::string, Pods> pods_;  // by namespace of the source
};

}  // namespace dmaas::applications
