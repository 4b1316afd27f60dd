#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/references.hpp"
#include "api/selection.hpp"

namespace dmaas::api {

/// Data that a program of the application writes to its standard output, such as mariadb-dump. The
/// program runs in a mover made from the image, environment and account of the chosen container.
struct LogicalDump {
  std::string name{};
  std::optional<LabelSelector> pod_selector{};
  std::string container{};
  std::vector<std::string> command{};
  std::vector<std::string> restore_command{};
  bool operator==(const LogicalDump&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Names the component dump/<name> of the backup.", rule::required,
          name_rule, rule::max_length(40));
    field("podSelector", self.pod_selector,
          "Pods of the target whose image, environment and account are used; the first ready one "
          "by name. "
          "All pods of the target when absent.");
    field("container", self.container, "Container of that pod; the first one when empty.",
          rule::max_length(63));
    field("command", self.command,
          "Program and arguments; its standard output is the dump. It fails unless it exits with 0 "
          "and has written something; the session then shows the end of its standard error. In a "
          "pipeline set -o pipefail, or the status of the dump itself is lost.",
          rule::required, rule::min_items(1), rule::max_items(64));
    field(
        "restoreCommand", self.restore_command,
        "Program and arguments that read the dump from standard input, in a pod made the same way, "
        "once the restored application has a ready pod. It has to be repeatable: when its pod is "
        "lost it runs again with the whole dump. It does not run where the application was there "
        "before the restore, unless existing is update or recreate. Empty: the dump is only "
        "restored by hand.",
        rule::max_items(64));
  }
};

/// One application: where it begins. Everything that belongs to it is found from there.
struct BackupTarget {
  std::string name{};
  std::optional<ObjectReference> workload{};
  std::optional<LabelSelector> selector{};
  std::string helm_release{};
  bool all_objects = false;
  std::vector<std::string> namespaces{};
  ObjectSelection objects{};
  VolumeSelection volumes{};
  std::vector<LogicalDump> dumps{};
  bool operator==(const BackupTarget&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of the application; part of its repository's path.",
          rule::required,
          rule::pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
                        "must be lower-case letters, digits and '-', such as mariadb"),
          rule::max_length(63));
    field("workload", self.workload,
          "One workload, such as a StatefulSet, with all that it refers to.");
    field("selector", self.selector, "All objects with these labels, with all that they refer to.");
    field("helmRelease", self.helm_release,
          "All objects of this Helm release, and its release records.", rule::max_length(53));
    field("allObjects", self.all_objects, "Everything in the namespaces.");
    field("namespaces", self.namespaces,
          "Where to look; the plan's own namespace when empty. Others need a BackupGrant there, "
          "unless the "
          "plan is in the system namespace.",
          rule::max_items(100));
    field("objects", self.objects, "Which of the objects found are taken.");
    field("volumes", self.volumes, "Which volumes are taken, and how.");
    field("dumps", self.dumps, "Logical dumps that are taken beside or instead of volumes.",
          rule::keys("name"), rule::max_items(16));
    field.rule(
        "[has(self.workload), has(self.selector), has(self.helmRelease), has(self.allObjects) && "
        "self.allObjects].filter(given, given).size() == 1",
        "give exactly one of workload, selector, helmRelease and allObjects: true");
  }
};

/// Every namespace that the target reads, however it names it; the plan's own when it names none.
std::vector<std::string> namespaces_of(const BackupTarget& target,
                                       const std::string& plan_namespace);

}  // namespace dmaas::api
