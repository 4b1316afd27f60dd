#pragma once

#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "applications/cluster_view.hpp"
#include "applications/discovery/facts.hpp"
#include "applications/restore_plan.hpp"
#include "base/result.hpp"

namespace dmaas::applications {

enum class NamespaceState { there, going, planned, missing };

/// What of the destination, and of the plan itself, the objects of a restore will find around them.
/// Immutable once read.
class Surroundings {
public:
  /// Errors: those of the view; a kind that is not served or may not be read counts as empty.
  static Result<Surroundings> read(const ClusterView& view, const RestorePlan& plan,
                                   std::stop_token stop);

  NamespaceState state_of(const std::string& namespace_name) const;
  /// What is wrong with asking for this class ("": the default class), with the remedy; nothing
  /// when it is there.
  std::optional<std::string> trouble_with_class(const std::string& storage_class) const;
  const std::vector<Json>& quotas() const { return quotas_; }
  /// A Service that is there, is not restored, and selects pods with these labels.
  std::optional<ObjectId> foreign_service_of(
      const std::string& namespace_name,
      const std::map<std::string, std::string>& pod_labels) const;
  bool is_planned(const ObjectId& destination) const { return planned_.contains(destination); }

private:
  Result<> read_namespace(const ClusterView& view, const std::string& name, std::stop_token stop);
  Result<> read_kind(const ClusterView& view, std::string_view group, std::string_view kind,
                     const std::string& namespace_name, const kube::ObjectSink& sink,
                     std::stop_token stop);

  std::set<ObjectId> planned_;
  std::map<std::string, NamespaceState> namespaces_;
  std::set<std::string> classes_;
  bool has_default_class_ = false;
  bool classes_are_known_ = false;
  std::vector<Json> quotas_;
  std::vector<ObjectFacts> services_;
};

}  // namespace dmaas::applications
