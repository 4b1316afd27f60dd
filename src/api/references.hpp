#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fields.hpp"
#include "kube/object/object_key.hpp"
#include "kube/object/selector.hpp"

namespace dmaas::api {

inline constexpr auto name_rule =
    rule::pattern("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
                  "must be a name of lower-case letters, digits, '-' and '.', such as main-1");

/// An object of one given kind in the namespace of the object that refers to it.
struct LocalReference {
  std::string name{};
  bool operator==(const LocalReference&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of the object, in the same namespace.", rule::required,
          rule::min_length(1), rule::max_length(253));
  }
};

/// An object of one given kind, possibly of another namespace.
struct NamespacedReference {
  std::string name{};
  std::string namespace_name{};
  bool operator==(const NamespacedReference&) const = default;

  /// The key of the object when the reference stands in `own_namespace`.
  kube::ObjectKey key(const std::string& own_namespace) const {
    return {namespace_name.empty() ? own_namespace : namespace_name, name};
  }

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of the object.", rule::required, rule::min_length(1),
          rule::max_length(253));
    field(
        "namespace", self.namespace_name,
        "Namespace of the object; its own by default. Another one must allow it: a storage by its "
        "usage, everything else by a BackupGrant.",
        rule::max_length(63));
  }
};

/// One entry of a Secret in the namespace of the object that refers to it.
struct SecretKeyReference {
  std::string name{};
  std::string key = "password";
  bool operator==(const SecretKeyReference&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of the Secret, in the same namespace.", rule::required,
          rule::min_length(1), rule::max_length(253));
    field("key", self.key, "Key within the Secret.", rule::with_default, rule::min_length(1),
          rule::max_length(253));
  }
};

/// One entry of a ConfigMap in the namespace of the object that refers to it.
struct ConfigMapKeyReference {
  std::string name{};
  std::string key{};
  bool operator==(const ConfigMapKeyReference&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of the ConfigMap, in the same namespace.", rule::required,
          rule::min_length(1), rule::max_length(253));
    field("key", self.key, "Key within the ConfigMap.", rule::required, rule::min_length(1),
          rule::max_length(253));
  }
};

/// A workload or any other object by kind and name.
struct ObjectReference {
  std::string api_version{};
  std::string kind{};
  std::string name{};
  std::string namespace_name{};
  bool operator==(const ObjectReference&) const = default;

  static void fields(auto& self, auto&& field) {
    field("apiVersion", self.api_version,
          "Group and version of the object, such as apps/v1. Empty: the one group that serves the "
          "kind.",
          rule::max_length(253));
    field("kind", self.kind, "Kind of the object, such as StatefulSet.", rule::required,
          rule::min_length(1), rule::max_length(63));
    field("name", self.name, "Name of the object.", rule::required, rule::min_length(1),
          rule::max_length(253));
    field("namespace", self.namespace_name, "Namespace of the object; its own by default.",
          rule::max_length(63));
  }
};

enum class LabelOperator { in, not_in, exists, does_not_exist };
constexpr auto names_of(LabelOperator) {
  return std::to_array<std::string_view>({"In", "NotIn", "Exists", "DoesNotExist"});
}

struct LabelRequirement {
  std::string key{};
  LabelOperator operation = LabelOperator::in;
  std::vector<std::string> values{};
  bool operator==(const LabelRequirement&) const = default;

  static void fields(auto& self, auto&& field) {
    field("key", self.key, "Label key.", rule::required, rule::min_length(1),
          rule::max_length(317));
    field("operator", self.operation, "How the label's value relates to values.", rule::required);
    field("values", self.values, "Values for In and NotIn.", rule::max_items(64));
  }
};

/// As in Kubernetes: all requirements must hold; without any it selects everything.
struct LabelSelector {
  std::map<std::string, std::string> match_labels{};
  std::vector<LabelRequirement> match_expressions{};
  bool operator==(const LabelSelector&) const = default;

  static void fields(auto& self, auto&& field) {
    field("matchLabels", self.match_labels, "Labels that must have these values.",
          rule::max_items(64));
    field("matchExpressions", self.match_expressions, "Further requirements on labels.",
          rule::max_items(16));
  }
};
kube::LabelSelector to_kube(const LabelSelector& selector);

/// For names that hold a cluster, in statuses and backup documents.
struct ClusterIdentity {
  std::string name{};
  std::string uid{};
  bool operator==(const ClusterIdentity&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name the cluster was installed with.");
    field("uid", self.uid, "UID of the cluster's kube-system namespace.");
  }
};

/// The application that a repository or a backup is about.
struct ApplicationIdentity {
  std::string namespace_name{};
  std::string name{};
  bool operator==(const ApplicationIdentity&) const = default;

  static void fields(auto& self, auto&& field) {
    field("namespace", self.namespace_name,
          "Namespace of the application, or of the plan of a group.");
    field("name", self.name, "Name of the plan's target, or of the plan of a group.");
  }
};

}  // namespace dmaas::api
