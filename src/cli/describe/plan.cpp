#include <fmt/format.h>

#include "base/fields.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/object_table.hpp"
#include "cli/describe/describe.hpp"

namespace dmaas::cli {
namespace {

std::string what_of(const api::BackupTarget& target) {
  if (target.workload) return fmt::format("{}/{}", target.workload->kind, target.workload->name);
  if (target.selector) return "objects with labels";
  if (!target.helm_release.empty()) return "Helm release " + target.helm_release;
  return "everything";
}

void tell_targets(Story& story, const api::BackupConfigurationSpec& spec) {
  story.heading("Targets");
  Table table({"NAME", "WHAT", "NAMESPACES", "DUMPS"});
  for (const auto& target : spec.targets) {
    table.add({target.name, what_of(target),
               target.namespaces.empty() ? "its own"
                                         : fmt::format("{}", fmt::join(target.namespaces, ", ")),
               std::to_string(target.dumps.size())});
  }
  story.table(table);
}

std::string times_of(const api::BackupRun& run) {
  if (run.interval) return "every " + format_duration(*run.interval);
  if (run.schedule.empty()) return "on demand";
  return run.schedule + (run.time_zone.empty() ? "" : " ") + run.time_zone;
}

void tell_skipped(Story& story, const api::BackupConfiguration& plan) {
  std::vector<std::string> skipped;
  for (const auto& run : plan.status.runs) {
    if (!run.last_skipped) continue;
    skipped.push_back(fmt::format("{} of {}: {}", run.name,
                                  describe_time(run.last_skipped->time, story.now()),
                                  run.last_skipped->message));
  }
  if (!skipped.empty()) story.list("Skipped last", skipped);
}

void tell_runs(Story& story, const api::BackupConfiguration& plan) {
  story.heading("Runs");
  Table table({"NAME", "SCHEDULE", "TARGETS", "TYPE", "NEXT", "LAST SCHEDULED", "HOOKS"});
  for (const auto& run : plan.spec.runs) {
    const auto& statuses = plan.status.runs;
    auto status = std::ranges::find(statuses, run.name, &api::RunStatus::name);
    bool known = status != statuses.end();
    auto targets = run.targets.empty() ? "all" : fmt::format("{}", fmt::join(run.targets, ", "));
    table.add({run.name, times_of(run), targets, std::string(name_of(run.type)),
               known && status->next_time ? describe_time(*status->next_time, story.now()) : "-",
               known && status->last_scheduled_time
                   ? describe_time(*status->last_scheduled_time, story.now())
                   : "-",
               std::to_string(run.hooks.before.size() + run.hooks.after.size())});
  }
  story.table(table);
}

std::string storages_of(const api::BackupConfigurationSpec& spec) {
  std::vector<std::string> names;
  for (const auto& storage : spec.storages)
    names.push_back(kube::ObjectKey{storage.storage.namespace_name, storage.storage.name}.text());
  return names.empty() ? "the default storage" : fmt::format("{}", fmt::join(names, ", "));
}

void tell_catch_up(Story& story, const api::BackupConfigurationStatus& status) {
  std::vector<std::string> behind;
  for (const auto& storage : status.catch_up) {
    if (!storage.missed_since) continue;
    behind.push_back(fmt::format(
        "{} lacks backups since {}: {}", storage.storage,
        describe_time(*storage.missed_since, story.now()),
        storage.message.empty() ? "session " + storage.session + " copies them" : storage.message));
  }
  if (!behind.empty()) story.list("Storages behind", behind);
}

}  // namespace

void tell_resolved(Story& story, const api::ResolvedTargets& resolved) {
  story.heading("Objects");
  std::vector<std::string> counts;
  for (const auto& [kind, count] : resolved.objects)
    counts.push_back(fmt::format("{} {}", count, kind));
  auto when = resolved.time ? format_age(story.now() - *resolved.time) + " ago" : "";
  story.lines({fmt::format("{}  (found {})", fmt::join(counts, ", "), when)});
  story.heading("Volumes");
  if (resolved.volumes.empty()) return story.lines({"none"});
  Table table({"CLAIM", "TARGET", "METHOD", "WHY"});
  for (const auto& volume : resolved.volumes) {
    table.add({kube::ObjectKey{volume.namespace_name, volume.claim}.text(), volume.target,
               volume.method, volume.reason});
  }
  story.table(table);
}

std::vector<std::string> obstacles_of(const api::BackupConfiguration& plan) {
  std::vector<std::string> obstacles;
  if (plan.spec.paused)
    obstacles.push_back("it is paused: 'dmaas resume " + plan.metadata.name + "'");
  const auto* ready = api::find_condition(plan.status.conditions, api::condition::ready);
  if (ready == nullptr) {
    obstacles.emplace_back("the controller has not looked at it yet");
  } else if (ready->status != api::ConditionStatus::yes && ready->reason != api::reason::paused) {
    obstacles.push_back(ready->message);
  }
  if (!plan.status.resolved) return obstacles;
  for (const auto& volume : plan.status.resolved->volumes) {
    bool is_read = !volume.method.empty() && volume.method != "none";
    if (!is_read)
      obstacles.push_back(fmt::format("claim {} cannot be read: {}", volume.claim, volume.reason));
  }
  return obstacles;
}

void tell(Story& story, const api::BackupConfiguration& plan) {
  const auto& status = plan.status;
  story.fact("Storages", storages_of(plan.spec));
  if (const auto& staging = plan.spec.stage_and_verify_first) {
    story.fact(
        "Staged on",
        fmt::format("{} for {}, copied once verified",
                    kube::ObjectKey{staging->storage.namespace_name, staging->storage.name}.text(),
                    format_duration(staging->retention)));
  }
  story.fact("Policy", plan.spec.policy ? plan.spec.policy->name : "");
  story.fact("Paused", plan.spec.paused ? "yes" : "");
  story.fact("Consistency", plan.spec.group_consistency == api::GroupConsistency::required
                                ? "only backups of one point in time"
                                : "");
  story.fact("Secrets", plan.spec.exclude_secrets ? "left out" : "");
  story.fact("Next run", status.next_run_time ? describe_time(*status.next_run_time, story.now())
                                              : std::string("none scheduled"));
  story.fact("Last success", status.last_success_time
                                 ? describe_time(*status.last_success_time, story.now())
                                 : std::string("never"));
  if (const auto& last = status.last_verification; last && last->time) {
    story.fact("Last verification",
               fmt::format("{} ({})", describe_time(*last->time, story.now()), last->session));
  }
  story.fact("Last session",
             status.last_session.empty()
                 ? ""
                 : fmt::format("{} ({})", status.last_session, status.last_session_phase));
  tell_targets(story, plan.spec);
  tell_runs(story, plan);
  tell_skipped(story, plan);
  tell_catch_up(story, status);
  if (status.resolved) tell_resolved(story, *status.resolved);
  auto obstacles = obstacles_of(plan);
  story.list("What would stop it",
             obstacles.empty() ? std::vector<std::string>{"nothing that is known"} : obstacles);
  story.conditions(status.conditions);
}

}  // namespace dmaas::cli
