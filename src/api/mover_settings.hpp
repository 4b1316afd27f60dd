#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/references.hpp"

namespace dmaas::api {

enum class TolerationOperator { equal, exists };
constexpr auto names_of(TolerationOperator) {
  return std::to_array<std::string_view>({"Equal", "Exists"});
}

enum class TaintEffect { any, no_schedule, prefer_no_schedule, no_execute };
constexpr auto names_of(TaintEffect) {
  return std::to_array<std::string_view>({"", "NoSchedule", "PreferNoSchedule", "NoExecute"});
}

/// As in a pod.
struct Toleration {
  std::string key{};
  TolerationOperator operation = TolerationOperator::equal;
  std::string value{};
  TaintEffect effect = TaintEffect::any;
  bool operator==(const Toleration&) const = default;

  static void fields(auto& self, auto&& field) {
    field("key", self.key, "Taint key; empty with Exists: every taint.", rule::max_length(317));
    field("operator", self.operation, "How the taint's value relates to value.",
          rule::with_default);
    field("value", self.value, "Taint value for Equal.", rule::max_length(63));
    field("effect", self.effect, "Taint effect; empty: every effect.");
  }
};

struct Resources {
  std::map<std::string, Quantity> requests{};
  std::map<std::string, Quantity> limits{};
  bool operator==(const Resources&) const = default;

  static void fields(auto& self, auto&& field) {
    field("requests", self.requests, "What is reserved, by resource name: cpu, memory.",
          rule::max_items(8));
    field("limits", self.limits,
          "What may be used at most, by resource name. The mover keeps its buffers below the "
          "memory limit; "
          "512Mi by default.",
          rule::max_items(8));
  }
};

/// Settings of the pods that move the data of one run.
struct MoverSettings {
  Resources resources{};
  std::map<std::string, std::string> node_selector{};
  std::vector<Toleration> tolerations{};
  std::string priority_class_name{};
  bool operator==(const MoverSettings&) const = default;

  static void fields(auto& self, auto&& field) {
    field("resources", self.resources, "CPU and memory of each mover.");
    field("nodeSelector", self.node_selector,
          "Labels of nodes that movers may run on, where the volume leaves a choice.",
          rule::max_items(32));
    field("tolerations", self.tolerations,
          "Taints that movers tolerate beside those of the application.", rule::max_items(32));
    field("priorityClassName", self.priority_class_name, "Priority of the movers.",
          rule::max_length(253));
  }
};

}  // namespace dmaas::api
