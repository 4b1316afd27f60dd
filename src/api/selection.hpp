#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/references.hpp"

namespace dmaas::api {

/// Matches an object when every part that is given matches it.
struct ObjectRule {
  std::vector<std::string> kinds{};
  std::vector<std::string> names{};
  std::vector<std::string> namespaces{};
  std::optional<LabelSelector> label_selector{};
  std::map<std::string, std::string> annotations{};
  bool operator==(const ObjectRule&) const = default;

  static void fields(auto& self, auto&& field) {
    field("kinds", self.kinds,
          "Kinds, such as Secret, or plural with group, such as certificates.cert-manager.io.",
          rule::max_items(100));
    field("names", self.names, "Names; * and ? match any characters.", rule::max_items(200));
    field("namespaces", self.namespaces, "Namespaces; * and ? match any characters.",
          rule::max_items(100));
    field("labelSelector", self.label_selector, "Labels of the object.");
    field("annotations", self.annotations,
          "Annotations that the object must have, with their values; in values * and ? match any "
          "characters. Of a value the first 256 bytes are looked at.",
          rule::max_items(16));
    field.rule(
        "has(self.kinds) || has(self.names) || has(self.namespaces) || has(self.labelSelector) || "
        "has(self.annotations)",
        "a rule needs kinds, names, namespaces, labelSelector or annotations");
  }
};

/// What of a set of objects is taken: all that an include rule matches (no rule: everything) and no
/// exclude rule matches. An exclusion always wins.
struct ObjectSelection {
  std::vector<ObjectRule> include{};
  std::vector<ObjectRule> exclude{};
  bool operator==(const ObjectSelection&) const = default;

  static void fields(auto& self, auto&& field) {
    field("include", self.include, "Only objects that one of these rules matches. Empty: all.",
          rule::max_items(32));
    field("exclude", self.exclude, "No object that one of these rules matches; wins over include.",
          rule::max_items(32));
  }
};

/// How the data of a volume is read.
enum class VolumeMethod { automatic, mount };
constexpr auto names_of(VolumeMethod) {
  return std::to_array<std::string_view>({"auto", "mount"});
}

struct VolumeSelection {
  std::vector<std::string> include{};
  std::vector<std::string> exclude{};
  VolumeMethod method = VolumeMethod::automatic;
  bool operator==(const VolumeSelection&) const = default;

  static void fields(auto& self, auto&& field) {
    field("include", self.include,
          "Only these claims of the application; * and ? match any characters. Empty: all.",
          rule::max_items(100));
    field("exclude", self.exclude, "Claims whose data is left out; wins over include.",
          rule::max_items(100));
    field("method", self.method,
          "How data is read. auto takes the best way that the cluster has; the status shows which. "
          "mount reads the live volume, raw block volumes in use included: hooks must then hold "
          "their writers still.",
          rule::with_default);
  }
};

}  // namespace dmaas::api
