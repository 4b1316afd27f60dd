#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "api/references.hpp"

namespace dmaas::api {

enum class HookFailure { abort, go_on };
constexpr auto names_of(HookFailure) {
  return std::to_array<std::string_view>({"abort", "continue"});
}

enum class HookPods { one, all };
constexpr auto names_of(HookPods) {
  return std::to_array<std::string_view>({"one", "all"});
}

/// A command in pods of the application.
struct ExecHook {
  std::string target{};
  std::optional<LabelSelector> pod_selector{};
  HookPods pods = HookPods::one;
  std::string container{};
  std::vector<std::string> command{};
  std::vector<std::string> undo{};
  std::optional<std::chrono::nanoseconds> max_quiesce{};
  bool operator==(const ExecHook&) const = default;

  /// Whether the application is held still from `command` until `undo`.
  bool quiesces() const { return !undo.empty(); }

  static void fields(auto& self, auto&& field) {
    field("target", self.target,
          "Name of the plan's target whose pods are meant. Empty: the pods of all targets.",
          rule::max_length(63));
    field("podSelector", self.pod_selector, "Only pods with these labels.");
    field(
        "pods", self.pods,
        "one: the first ready pod by name; all: every ready pod, one after another. After the data "
        "is read, pods that a hook ran in before come first, and they need not be ready.",
        rule::with_default);
    field("container", self.container, "Container of the pod; the first one when empty.",
          rule::max_length(63));
    field("command", self.command, "Program and arguments; there is no shell unless you name one.",
          rule::required, rule::min_items(1), rule::max_items(64));
    field("undo", self.undo,
          "What ends the stillness that command began. It runs in the same pod once all data is "
          "read (by a restore in place: written), when the session ends in any other way, when the "
          "controller is lost, and after "
          "maxQuiesce at the latest. Needs sh, cat and sleep in the container.",
          rule::max_items(64));
    field(
        "maxQuiesce", self.max_quiesce,
        "How long the application may be held still. A backup whose data is not read by then "
        "fails, since what it read later is not consistent; so does a restore in place whose data "
        "is not written.");
    field.rule("has(self.undo) == has(self.maxQuiesce)", "undo and maxQuiesce go together");
  }
};

/// One step before or after the data is read: either written here or taken from a HookTemplate.
struct Hook {
  std::string name{};
  std::optional<NamespacedReference> template_reference{};
  std::optional<ExecHook> exec{};
  std::optional<std::chrono::nanoseconds> timeout{};
  std::optional<HookFailure> on_failure{};
  bool operator==(const Hook&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Names the hook in statuses.", rule::required, name_rule,
          rule::max_length(63));
    field("templateRef", self.template_reference, "HookTemplate that says what to do.");
    field("exec", self.exec, "Command to run in a pod of the application.");
    field("timeout", self.timeout,
          "After this time the command is given up; 1m unless the template says otherwise.");
    field(
        "onFailure", self.on_failure,
        "abort: the session fails; continue: a warning. abort unless the template says otherwise.");
    field.rule("has(self.templateRef) != has(self.exec)",
               "give exactly one of templateRef and exec");
  }
};

struct RunHooks {
  std::vector<Hook> before{};
  std::vector<Hook> after{};
  bool operator==(const RunHooks&) const = default;

  static void fields(auto& self, auto&& field) {
    field("before", self.before, "Run in this order before data is read.", rule::keys("name"),
          rule::max_items(16));
    field("after", self.after, "Run in this order afterwards, also when something failed.",
          rule::keys("name"), rule::max_items(16));
  }
};

/// A hook with everything that a template adds.
struct ResolvedHook {
  std::string name{};
  ExecHook exec{};
  std::chrono::nanoseconds timeout{};
  HookFailure on_failure = HookFailure::abort;
  bool operator==(const ResolvedHook&) const = default;
};

inline constexpr std::chrono::minutes default_hook_timeout{1};

}  // namespace dmaas::api
