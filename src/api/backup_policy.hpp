#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/conditions.hpp"
#include "api/object.hpp"
#include "api/references.hpp"

namespace dmaas::api {

/// offered: users choose it. default: it protects what nobody has chosen for, until they opt out.
/// mandatory: it protects whatever users say; they see its backups. silent: they see nothing of it.
enum class Enforcement { offered, by_default, mandatory, silent };
constexpr auto names_of(Enforcement) {
  return std::to_array<std::string_view>({"offered", "default", "mandatory", "silent"});
}

/// What a policy is open to: everything that all of its parts match.
struct PolicyScope {
  std::vector<std::string> kinds{};
  std::vector<std::string> namespaces{};
  std::optional<LabelSelector> namespace_selector{};
  std::vector<std::string> names{};
  std::optional<LabelSelector> selector{};
  bool operator==(const PolicyScope&) const = default;

  static void fields(auto& self, auto&& field) {
    field(
        "kinds", self.kinds,
        "Kinds of workloads, such as StatefulSet, or with group, such as MariaDB.k8s.mariadb.com; "
        "Namespace for all that is in one.",
        rule::required, rule::min_items(1), rule::max_items(32));
    field("namespaces", self.namespaces,
          "Namespaces; * and ? match any characters. Empty: all but those that begin with kube-. "
          "The system namespace never.",
          rule::max_items(200));
    field("namespaceSelector", self.namespace_selector, "Only namespaces with these labels.");
    field("names", self.names, "Only workloads of these names; * and ? match any characters.",
          rule::max_items(200));
    field("selector", self.selector, "Only workloads, or namespaces, with these labels.");
  }
};

/// Bounds on the pods that move the data.
struct MoverBounds {
  std::map<std::string, Quantity> resources{};
  std::vector<std::string> priority_classes{};
  bool operator==(const MoverBounds&) const = default;

  static void fields(auto& self, auto&& field) {
    field("resources", self.resources,
          "The most that a mover may request or be limited to, by resource name: cpu, memory.",
          rule::max_items(8));
    field("priorityClassNames", self.priority_classes,
          "The only priorities that movers may have. Empty: any.", rule::max_items(32));
  }
};

/// What a plan may do that names the policy.
struct PlanBounds {
  std::vector<NamespacedReference> storages{};
  bool own_storage = false;
  std::vector<RunType> run_types{};
  std::vector<std::string> retention_policies{};
  std::optional<std::chrono::nanoseconds> min_interval{};
  MoverBounds mover{};
  bool operator==(const PlanBounds&) const = default;

  static void fields(auto& self, auto&& field) {
    field("storages", self.storages,
          "The storages that plans may use; those without namespace are of the system namespace. "
          "Empty: all that are open to the plan's namespace.",
          rule::max_items(64));
    field("ownStorage", self.own_storage,
          "Plans may also use storages of their own namespace, beside those in storages.");
    field("runTypes", self.run_types, "The types that runs may have. Empty: all.",
          rule::max_items(8));
    field("retentionPolicies", self.retention_policies,
          "Names of the RetentionPolicies of the system namespace of which a plan must use one. "
          "Empty: any, or none.",
          rule::max_items(64));
    field(
        "minInterval", self.min_interval,
        "The least time from one start of a run to its next by schedule or interval, such as 1h.");
    field("mover", self.mover, "Bounds on the pods that move the data.");
  }
};

/// A plan to be, in which ${NAME} stands for a variable wherever there is text; $${ is a plain ${.
struct PlanTemplate {
  std::vector<BackupRun> runs{};
  std::vector<PlanStorage> storages{};
  std::optional<NamespacedReference> retention_policy{};
  bool exclude_secrets = false;
  PlanObjectives objectives{};

  static void fields(auto& self, auto&& field) {
    field("runs", self.runs, "As in a plan.", rule::required, rule::keys("name"),
          rule::min_items(1), rule::max_items(16));
    field("storages", self.storages,
          "As in a plan; references without namespace are to the system namespace. Empty: the "
          "default storage.",
          rule::max_items(8));
    field("retentionPolicyRef", self.retention_policy,
          "As in a plan; without namespace it is of the system namespace.");
    field("excludeSecrets", self.exclude_secrets, "As in a plan.");
    field("objectives", self.objectives, "As in a plan.");
  }
};

/// What people are told before they choose.
struct PolicyImpact {
  RunType type = RunType::incremental;
  std::string availability{};
  std::string performance{};
  std::string recoverability{};
  bool setup_makes_unavailable = false;
  bool operator==(const PolicyImpact&) const = default;

  static void fields(auto& self, auto&& field) {
    field("type", self.type, "The type of run that this is about.", rule::required);
    field("availability", self.availability,
          "What a run does to the availability of the application, such as: none.",
          rule::max_length(1024));
    field("performance", self.performance, "What a run does to its speed.", rule::max_length(1024));
    field("recoverability", self.recoverability,
          "To which moments it can be brought back, and how fast.", rule::max_length(1024));
    field("setupMakesUnavailable", self.setup_makes_unavailable,
          "Whether setting it up makes the application unavailable for a while.");
  }
};

struct BackupPolicySpec {
  std::string description{};
  PolicyScope open_to{};
  Enforcement enforcement = Enforcement::offered;
  PlanBounds allowed{};
  std::optional<PlanTemplate> plan_template{};
  std::map<std::string, std::string> variables{};
  std::vector<PolicyImpact> impact{};

  /// Whether its plans are made in the system namespace, out of their users' reach.
  bool is_imposed() const {
    return enforcement == Enforcement::mandatory || enforcement == Enforcement::silent;
  }

  static void fields(auto& self, auto&& field) {
    field("description", self.description, "What it is for, told to those who choose.",
          rule::max_length(1024));
    field("openTo", self.open_to, "What it is open to.", rule::required);
    field("enforcement", self.enforcement,
          "offered: users choose it. default: protects all it is open to that has no annotation "
          "dmaas.io/policy, in the namespace or on the workload. mandatory: protects all it is "
          "open to, by plans in the system namespace. silent: the same, and nothing of it shows in "
          "the workload's namespace.",
          rule::with_default);
    field("allowed", self.allowed, "What a plan may do that names the policy.");
    field(
        "template", self.plan_template,
        "What becomes the plan of a workload or a namespace that the policy protects. In any text "
        "${NAME} stands for a variable, and $${ for ${ itself.");
    field("variables", self.variables,
          "Values of ${NAME} in the template. Annotations var.dmaas.io/NAME on the workload, else "
          "on its namespace, win over them unless the policy is mandatory or silent.",
          rule::max_items(64));
    field("impact", self.impact, "What each type of run does, told before it is chosen.",
          rule::keys("type"), rule::max_items(8));
    field.rule(
        "(has(self.enforcement) && self.enforcement == 'offered') || !has(self.enforcement) || "
        "has(self.template)",
        "enforcement default, mandatory and silent need template: say what plans are made of");
  }
};

/// No names of workloads or namespaces: who may read policies may not know of all of them.
struct BackupPolicyStatus {
  std::int64_t observed_generation = 0;
  std::int32_t open_namespaces = 0;
  std::int32_t protected_targets = 0;
  std::int32_t failed_targets = 0;
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that this status is about.");
    field("openNamespaces", self.open_namespaces, "How many namespaces it is open to.",
          rule::always);
    field("protectedTargets", self.protected_targets,
          "How many workloads and namespaces have a plan by it; the plans carry the label "
          "dmaas.io/policy.",
          rule::always);
    field("failedTargets", self.failed_targets,
          "How many should have one and do not; the annotation dmaas.io/protection-message on them "
          "says why.",
          rule::always);
    field("conditions", self.conditions, "What works and what does not.", rule::keys("type"));
  }
};

using BackupPolicy = Object<BackupPolicySpec, BackupPolicyStatus>;
template <>
const KindInfo& kind_info<BackupPolicy>();

}  // namespace dmaas::api
