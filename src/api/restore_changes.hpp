#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/selection.hpp"
#include "base/fields.hpp"

/// How restored objects differ from those of the backup.
namespace dmaas::api {

/// Other properties of claims; what is not given stays.
struct ClaimOverride {
  std::vector<std::string> claims{};
  std::optional<Quantity> size{};
  std::optional<std::string> storage_class{};
  std::vector<std::string> access_modes{};
  bool operator==(const ClaimOverride&) const = default;

  static void fields(auto& self, auto&& field) {
    field("claims", self.claims,
          "Which, by their name in the backup; * and ? match any characters. Empty: all. Templates "
          "of a StatefulSet go with its first claim.",
          rule::max_items(100));
    field("size", self.size, "How large, such as 20Gi; not less than the backup's data.");
    field("storageClass", self.storage_class, "Their class. An empty one is the default class.");
    field("accessModes", self.access_modes, "How they may be mounted, such as [ReadWriteOnce].",
          rule::max_items(4));
  }
};

struct ReplicaOverride {
  std::string name{};
  std::int32_t replicas = 0;
  bool operator==(const ReplicaOverride&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of a workload in the backup; * and ? match any characters.",
          rule::required, rule::min_length(1), rule::max_length(253));
    field("replicas", self.replicas, "How many it gets.", rule::always, rule::minimum(0));
  }
};

enum class PatchOperation { add, remove, replace, move, copy, test };
constexpr auto names_of(PatchOperation) {
  return std::to_array<std::string_view>({"add", "remove", "replace", "move", "copy", "test"});
}

/// One operation of RFC 6902.
struct PatchStep {
  PatchOperation operation = PatchOperation::add;
  std::string path{};
  std::string from{};
  Json value{};
  bool operator==(const PatchStep&) const = default;

  static void fields(auto& self, auto&& field) {
    field("op", self.operation, "What to do.", rule::required);
    field("path", self.path, "Where, such as /spec/template/spec/nodeSelector.", rule::required,
          rule::max_length(1024));
    field("from", self.from, "move and copy: from where.", rule::max_length(1024));
    field("value", self.value, "add, replace and test: what.");
  }
};

/// A change of some objects.
struct Transformation {
  ObjectRule match{};
  std::vector<PatchStep> json_patch{};
  JsonObject merge_patch{};
  bool operator==(const Transformation&) const = default;

  static void fields(auto& self, auto&& field) {
    field("match", self.match, "Which objects, as they are in the backup.", rule::required);
    field("jsonPatch", self.json_patch, "Operations of RFC 6902, one after the other.",
          rule::max_items(50));
    field("mergePatch", self.merge_patch,
          "Fields to set, as in RFC 7386; null removes one. Either this or jsonPatch.");
  }
};

struct RestoreChanges {
  std::vector<ClaimOverride> claims{};
  std::vector<ReplicaOverride> replicas{};
  std::vector<Transformation> transformations{};
  bool operator==(const RestoreChanges&) const = default;

  static void fields(auto& self, auto&& field) {
    field("claims", self.claims, "Other sizes, classes and access modes; the first that fits.",
          rule::max_items(50));
    field("replicas", self.replicas, "Other replica counts; the first that fits.",
          rule::max_items(50));
    field("transformations", self.transformations,
          "Patches, one after the other, of the objects as they would be restored: with the names "
          "and namespaces of here. What an object is called cannot be changed.",
          rule::max_items(50));
  }
};

}  // namespace dmaas::api
