#include "applications/restore/dumps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "api/backup_configuration.hpp"
#include "applications/json_walk.hpp"
#include "applications/references.hpp"
#include "kube/object/object.hpp"

namespace dmaas::applications {
namespace {

/// Kinds whose object tells by which labels its pods are found.
constexpr std::array<std::string_view, 3> kinds_with_pods = {"StatefulSet", "Deployment",
                                                             "DaemonSet"};

bool has_pods(std::string_view group, std::string_view kind) {
  return group == "apps" && std::ranges::find(kinds_with_pods, kind) != kinds_with_pods.end();
}

std::string group_of(const api::ObjectReference& workload) {
  return workload.api_version.empty() ? "apps"
                                      : kube::parse_api_version(workload.api_version).group;
}

/// A target of the plan that made the backup; one that takes everything when the plan does not say.
Result<api::BackupTarget> target_of(const api::BackupDocument& document, const std::string& name) {
  auto spec = from_json<api::BackupConfigurationSpec>(Json(document.plan_spec));
  if (!spec) return fail(ErrorCode::corrupt, "backup.json: planSpec: " + spec.error().message());
  if (const auto* target = spec->find_target(name)) return *target;
  return api::BackupTarget{.name = name, .all_objects = true};
}

class DumpPlanner {
public:
  DumpPlanner(const RestorePlan& plan, const ResourceFiles& files, std::stop_token stop)
      : plan_(plan), files_(files), stop_(std::move(stop)) {}

  /// The dump as it is to be played back here.
  Result<api::PlannedDump> place(const api::DocumentComponent& component,
                                 const api::BackupTarget& source) const {
    api::PlannedDump planned;
    planned.component = component.name;
    planned.snapshot_id = component.snapshot_id;
    planned.file = component.dump_file;
    planned.bytes = component.bytes;
    planned.dump = *component.dump;
    planned.namespace_name = destination_namespace(component.namespace_name);
    if (planned.dump.pod_selector) rename(*planned.dump.pod_selector, component.namespace_name);
    planned.target = rename_target(source, component.namespace_name, planned.namespace_name);
    if (auto workload = TRY(find_workload(component.namespace_name, source, planned))) {
      planned.target.workload = std::move(workload);
      planned.target.selector.reset();
      planned.target.all_objects = false;
    }
    return planned;
  }

  /// Whether the plan restores the workload whose pods the dump belongs to.
  bool restores_workload_of(const api::PlannedDump& planned) const {
    if (!planned.target.workload) return false;
    return std::ranges::any_of(plan_.objects, [&](const PlannedObject& object) {
      return object.destination.kind == planned.target.workload->kind &&
             object.destination.key ==
                 kube::ObjectKey{planned.namespace_name, planned.target.workload->name};
    });
  }

private:
  std::string destination_namespace(const std::string& source) const {
    return plan_.naming->destination_of({"", "Namespace", {"", source}}).key.name;
  }

  void rename(api::LabelSelector& selector, const std::string& source_namespace) const {
    auto json = to_json(selector);
    plan_.naming->rename_selector(json, source_namespace);
    if (auto renamed = from_json<api::LabelSelector>(json)) selector = std::move(*renamed);
  }

  /// By what the pods are found here when no workload of the plan has them.
  api::BackupTarget rename_target(const api::BackupTarget& source,
                                  const std::string& source_namespace,
                                  const std::string& here) const {
    api::BackupTarget target{.name = source.name, .namespaces = {here}};
    if (source.workload) {
      target.workload = source.workload;
      target.workload->namespace_name.clear();
      ObjectId id{group_of(*source.workload),
                  source.workload->kind,
                  {source_namespace, source.workload->name}};
      target.workload->name = plan_.naming->destination_of(id).key.name;
      return target;
    }
    target.selector = source.selector;
    if (!source.helm_release.empty())
      target.selector =
          api::LabelSelector{.match_labels = {{"app.kubernetes.io/instance", source.helm_release}}};
    if (target.selector) rename(*target.selector, source_namespace);
    target.all_objects = !target.selector;
    return target;
  }

  /// The first workload by name that the backup could have taken the dump from.
  Result<std::optional<api::ObjectReference>> find_workload(const std::string& source_namespace,
                                                            const api::BackupTarget& source,
                                                            const api::PlannedDump& planned) const {
    std::map<std::string, api::ObjectReference> found;
    for (const auto& object : plan_.objects) {
      if (object.source.key.namespace_name != source_namespace ||
          !has_pods(object.destination.group, object.destination.kind))
        continue;
      if (!TRY(has_dumped_pods(object, source, planned))) continue;
      const auto& name = object.destination.key.name;
      found[name] = {object.resource.api_version(), object.destination.kind, name, ""};
    }
    if (found.empty()) return std::optional<api::ObjectReference>();
    return std::optional(found.begin()->second);
  }

  Result<bool> has_dumped_pods(const PlannedObject& object, const api::BackupTarget& source,
                               const api::PlannedDump& planned) const {
    const auto& workload = source.workload;
    if (workload && has_pods(group_of(*workload), workload->kind) &&
        (object.source.kind != workload->kind || object.source.key.name != workload->name)) {
      return false;
    }
    auto document = TRY(load_planned(files_, plan_, object, stop_));
    const Json* holder = pod_template_of(std::as_const(document));
    if (holder == nullptr) return false;
    auto labels = kube::labels_of(*holder);
    for (const auto& selector : {planned.target.selector, planned.dump.pod_selector}) {
      if (selector && !api::to_kube(*selector).matches(labels)) return false;
    }
    return true;
  }

  const RestorePlan& plan_;
  const ResourceFiles& files_;
  const std::stop_token stop_;
};

/// Why a dump that is wanted is not played back; "" when it is.
std::string reason_to_leave_out(const api::RestoreSelection& what, const RestorePlan& plan,
                                bool restores_workload) {
  bool only_data = what.data == api::RestoreData::data_only;
  if (only_data && !plan.naming->rules().prefix.empty())
    return "only data is restored, and as new: there is no application to play it back in";
  bool has_rules = !what.objects.include.empty() || !what.objects.exclude.empty();
  if (!only_data && has_rules && !restores_workload)
    return "the workload that it belongs to is not restored";
  return "";
}

}  // namespace

Result<DumpPlan> plan_dumps(const api::BackupDocument& document, const api::RestoreSelection& what,
                            const RestorePlan& plan, const ResourceFiles& files,
                            std::stop_token stop) {
  DumpPlan result;
  DumpPlanner planner{plan, files, std::move(stop)};
  for (const auto& component : document.components) {
    if (component.kind != api::ComponentKind::dump || !component.dump) continue;
    if (!api::wants_dump(what, component.dump->name)) continue;
    if (component.dump->restore_command.empty()) {
      result.warnings.push_back(
          fmt::format("{} has no restoreCommand: play it back by hand with 'dmaas repo dump {} {}'",
                      component.name, component.snapshot_id.substr(0, 8), component.dump_file));
      continue;
    }
    auto source = TRY(target_of(document, component.target));
    auto planned = TRY(planner.place(component, source));
    auto reason = reason_to_leave_out(what, plan, planner.restores_workload_of(planned));
    if (reason.empty()) {
      result.dumps.push_back(std::move(planned));
    } else {
      result.left_out.push_back(
          {.object = component.name, .outcome = "skipped", .message = std::move(reason)});
    }
  }
  return result;
}

}  // namespace dmaas::applications
