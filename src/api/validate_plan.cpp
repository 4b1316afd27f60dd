#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/problems.hpp"
#include "api/validate.hpp"
#include "api/validate_parts.hpp"

namespace dmaas::api {
namespace {

void check_target(const BackupTarget& target, const std::string& path, Problems& problems) {
  int origins = (target.workload ? 1 : 0) + (target.selector ? 1 : 0) +
                (target.helm_release.empty() ? 0 : 1) + (target.all_objects ? 1 : 0);
  problems.add_unless(origins == 1, path,
                      "give exactly one of workload, selector, helmRelease and allObjects: true");
  if (target.selector) check_selector(*target.selector, path + ".selector", problems);
  check_namespaces(target.namespaces, path + ".namespaces", problems);
  check_selection(target.objects, path + ".objects", problems);
  problems.add_unless(
      !target.workload || target.workload->namespace_name.empty() || target.namespaces.empty() ||
          std::ranges::count(target.namespaces, target.workload->namespace_name) > 0,
      path + ".workload.namespace", "must be one of the target's namespaces");
  for (std::size_t i = 0; i < target.dumps.size(); ++i) {
    const auto& dump = target.dumps[i];
    auto dump_path = fmt::format("{}.dumps[{}]", path, i);
    if (dump.pod_selector) check_selector(*dump.pod_selector, dump_path + ".podSelector", problems);
    check_command(dump.command, dump_path + ".command", problems);
    if (!dump.restore_command.empty())
      check_command(dump.restore_command, dump_path + ".restoreCommand", problems);
  }
}

/// Dumps are components dump/<name> of the whole backup.
void check_dump_names(const BackupConfigurationSpec& spec, Problems& problems) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < spec.targets.size(); ++i) {
    for (const auto& dump : spec.targets[i].dumps) {
      problems.add_unless(
          seen.insert(dump.name).second, fmt::format("spec.targets[{}].dumps", i),
          fmt::format("'{}' is the name of another target's dump; choose another name", dump.name));
    }
  }
}

void check_run_targets(const BackupConfigurationSpec& spec, const BackupRun& run,
                       const std::string& path, Problems& problems) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < run.targets.size(); ++i) {
    const auto& name = run.targets[i];
    auto target_path = fmt::format("{}.targets[{}]", path, i);
    problems.add_unless(
        spec.find_target(name) != nullptr, target_path,
        fmt::format("'{}' is none of spec.targets; correct it or leave it away", name));
    problems.add_unless(seen.insert(name).second, target_path,
                        fmt::format("'{}' appears more than once; remove one", name));
  }
}

bool has_target(const BackupRun& run, const std::string& target) {
  return run.targets.empty() || std::ranges::count(run.targets, target) > 0;
}

void check_run(const BackupConfigurationSpec& spec, const BackupRun& run, const std::string& path,
               Problems& problems) {
  check_times(run, path, problems);
  check_run_targets(spec, run, path, problems);
  problems.add_unless(run.full_every == 0 || run.type == RunType::incremental, path + ".fullEvery",
                      "goes only with type: incremental; remove one of them");
  check_timeout(run.timeout, path + ".timeout", problems);
  check_hooks(run.hooks.before, path + ".hooks.before", Quiescing::allowed, problems);
  check_hooks(run.hooks.after, path + ".hooks.after", Quiescing::refused, problems);
  for (const auto* hooks : {&run.hooks.before, &run.hooks.after}) {
    for (const auto& hook : *hooks) {
      bool known =
          !hook.exec || hook.exec->target.empty() ||
          (spec.find_target(hook.exec->target) != nullptr && has_target(run, hook.exec->target));
      problems.add_unless(
          known, path + ".hooks",
          fmt::format("exec.target '{}' of hook {} is none of the targets that the run backs up; "
                      "correct it or leave it away",
                      hook.exec ? hook.exec->target : "", hook.name));
    }
  }
  check_mover(run.mover, path + ".mover", problems);
}

void check_storages(const BackupConfigurationSpec& spec, Problems& problems) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (std::size_t i = 0; i < spec.storages.size(); ++i) {
    const auto& storage = spec.storages[i].storage;
    problems.add_unless(seen.insert({storage.namespace_name, storage.name}).second,
                        fmt::format("spec.storages[{}].storageRef", i),
                        fmt::format("'{}' appears more than once; remove one", storage.name));
  }
}

void check_staging(const BackupConfigurationSpec& spec, const Surroundings& where,
                   Problems& problems) {
  if (!spec.stage_and_verify_first) return;
  const auto& staging = *spec.stage_and_verify_first;
  auto stage = staging.storage.key(where.namespace_name);
  bool is_target = std::ranges::any_of(spec.storages, [&](const PlanStorage& entry) {
    return entry.storage.key(where.namespace_name) == stage;
  });
  problems.add_unless(
      !is_target, "spec.stageAndVerifyFirst.storageRef",
      fmt::format("'{}' is one of spec.storages; stage on another storage", stage.name));
  problems.add_unless(!spec.storages.empty(), "spec.storages",
                      "is required by stageAndVerifyFirst: name where verified backups go");
  problems.add_unless(staging.retention >= std::chrono::minutes{1},
                      "spec.stageAndVerifyFirst.retention", "must be at least 1m, such as 24h");
}

void check_retention(const BackupConfigurationSpec& spec, const Surroundings& where,
                     Problems& problems) {
  auto check = [&](const std::optional<NamespacedReference>& policy, const std::string& path) {
    bool is_near = !policy || policy->namespace_name.empty() ||
                   policy->namespace_name == where.namespace_name ||
                   policy->namespace_name == where.system_namespace;
    problems.add_unless(is_near, path + ".namespace",
                        "must be " + where.system_namespace + ", or be left away");
  };
  check(spec.retention_policy, "spec.retentionPolicyRef");
  for (std::size_t i = 0; i < spec.storages.size(); ++i)
    check(spec.storages[i].retention_policy,
          fmt::format("spec.storages[{}].retentionPolicyRef", i));
}

}  // namespace

Result<> validate(const BackupConfigurationSpec& spec, const Surroundings& where) {
  Problems problems;
  for (std::size_t i = 0; i < spec.targets.size(); ++i) {
    check_target(spec.targets[i], fmt::format("spec.targets[{}]", i), problems);
  }
  check_dump_names(spec, problems);
  for (std::size_t i = 0; i < spec.runs.size(); ++i) {
    check_run(spec, spec.runs[i], fmt::format("spec.runs[{}]", i), problems);
  }
  check_storages(spec, problems);
  check_staging(spec, where, problems);
  for (const auto* objective : {&spec.objectives.recovery_point, &spec.objectives.recovery_time}) {
    problems.add_unless(!*objective || **objective >= std::chrono::seconds{1}, "spec.objectives",
                        "a duration must be at least 1s, such as 24h");
  }
  check_retention(spec, where, problems);
  bool known_run =
      !spec.trigger || spec.trigger->run.empty() || spec.find_run(spec.trigger->run) != nullptr;
  problems.add_unless(known_run, "spec.trigger.run", "must name one of runs");
  return problems.result();
}

}  // namespace dmaas::api
