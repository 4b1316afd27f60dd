#include <fmt/format.h>

#include "base/fields.hpp"
#include "base/time_text.hpp"
#include "cli/describe/describe.hpp"

namespace dmaas::cli {
namespace {

std::string pairs_text(const std::map<std::string, std::string>& pairs) {
  std::string text;
  for (const auto& [from, to] : pairs)
    text += fmt::format("{}{} -> {}", text.empty() ? "" : ", ", from, to.empty() ? "default" : to);
  return text;
}

void tell_stages(Story& story, const api::RestoreSessionStatus& status) {
  if (status.stages.empty()) return;
  story.heading("Stages");
  Table table({"STAGE", "STATE", "TIME", "MESSAGE"});
  for (const auto& stage : status.stages) {
    table.add({stage.name, std::string(name_of(stage.state)),
               describe_span(stage.start_time, stage.completion_time, story.now()), stage.message});
  }
  story.table(table);
}

void tell_volumes(Story& story, const std::vector<api::RestoredVolume>& volumes) {
  if (volumes.empty()) return;
  story.heading("Volumes");
  Table table({"CLAIM", "PHASE", "WRITTEN", "FILES", "MOVERS", "NODE", "MESSAGE"});
  for (const auto& volume : volumes) {
    auto written = volume.bytes_done < volume.bytes_total
                       ? fmt::format("{} of {}", describe_bytes(volume.bytes_done),
                                     describe_bytes(volume.bytes_total))
                       : describe_bytes(volume.bytes_done);
    table.add({kube::ObjectKey{volume.namespace_name, volume.claim}.text(),
               std::string(name_of(volume.phase)), written, std::to_string(volume.files_done),
               std::to_string(volume.attempts), volume.node, volume.message});
  }
  story.table(table);
}

void tell_workloads(Story& story, const std::vector<api::StoppedWorkload>& workloads) {
  if (workloads.empty()) return;
  story.heading("Stopped workloads");
  Table table({"WORKLOAD", "REPLICAS", "STATE", "MESSAGE"});
  for (const auto& workload : workloads) {
    kube::ObjectKey key{workload.namespace_name, workload.name};
    table.add({workload.kind + " " + key.text(), std::to_string(workload.replicas),
               std::string(name_of(workload.state)), workload.message});
  }
  story.table(table);
}

void tell_objects(Story& story, const api::RestoreSessionStatus& status) {
  if (!status.counts.empty()) {
    story.heading("Objects");
    Table table({"KIND", "CREATED", "UPDATED", "UNCHANGED", "SKIPPED", "FAILED"});
    for (const auto& count : status.counts) {
      table.add({count.kind, std::to_string(count.created), std::to_string(count.updated),
                 std::to_string(count.unchanged), std::to_string(count.skipped),
                 std::to_string(count.failed)});
    }
    story.table(table);
  }
  if (status.problems.empty()) return;
  story.heading("Problems");
  Table table({"OBJECT", "OUTCOME", "MESSAGE"});
  for (const auto& problem : status.problems)
    table.add({problem.object, problem.outcome, problem.message});
  story.table(table);
}

}  // namespace

std::string source_of(const api::RestoreSource& source) {
  auto named = [](const api::NamespacedReference& reference) {
    return kube::ObjectKey{reference.namespace_name, reference.name}.text();
  };
  auto from = source.repository ? "repository " + named(*source.repository)
              : source.stored   ? fmt::format("{} on storage {}", source.stored->path,
                                              named(source.stored->storage))
                                : std::string();
  auto day = [&](std::string_view which, const std::string& of) {
    return fmt::format("{} of {}{}", which, of,
                       source.time_zone.empty() ? "" : " in " + source.time_zone);
  };
  auto which = source.before               ? "latest before " + format_seconds(*source.before)
               : !source.latest_of.empty() ? day("latest", source.latest_of)
               : !source.oldest_of.empty() ? day("oldest", source.oldest_of)
                                           : source.snapshot.substr(0, 53);
  auto by_run = source.run.empty() ? std::string() : " by run " + source.run;
  return fmt::format("{}{} of {}", which, by_run, from);
}

void tell_preflight(Story& story, const api::PreflightSummary& summary) {
  story.heading("Preflight");
  story.lines({fmt::format("{} objects accepted, {} rejected, {} unproven, {} skipped",
                           summary.accepted, summary.rejected, summary.unproven, summary.skipped)});
  if (summary.findings.empty()) return;
  Table table({"OBJECT", "VERDICT", "REASON"});
  for (const auto& finding : summary.findings)
    table.add({finding.object, std::string(name_of(finding.verdict)), finding.reason});
  story.table(table);
}

void tell_template(Story& story, const api::RestoreTemplate& spec) {
  story.fact("What", std::string(name_of(spec.what.data)));
  for (const auto& selected : spec.what.files) {
    story.fact("Only files of",
               fmt::format("{}: {}", selected.volume, fmt::join(selected.paths, ", ")));
  }
  story.fact("Namespaces", pairs_text(spec.namespace_map));
  story.fact("Storage classes", pairs_text(spec.storage_class_map));
  story.fact("Name prefix", spec.name_prefix);
  story.fact("Existing objects", std::string(name_of(spec.existing)));
  if (spec.in_place) {
    story.fact("In place", fmt::format("{}, extra files: {}", name_of(spec.in_place->quiesce),
                                       name_of(spec.in_place->extra_files)));
    if (spec.in_place->hook) story.fact("Held still by", spec.in_place->hook->name);
    story.fact("Claims", pairs_text(spec.in_place->claim_map));
  }
  if (spec.changes) {
    story.fact("Changes", fmt::format("{} of claims, {} of replicas, {} transformations",
                                      spec.changes->claims.size(), spec.changes->replicas.size(),
                                      spec.changes->transformations.size()));
  }
  story.fact("Acts as",
             spec.service_account_name.empty() ? "" : "account " + spec.service_account_name);
}

void tell(Story& story, const api::RestoreSession& session) {
  const auto& spec = session.spec;
  const auto& status = session.status;
  story.fact("From", source_of(spec.source));
  story.fact("Backup", status.snapshot);
  story.fact("Backup of", status.backup_time);
  tell_template(story, spec);
  story.fact("Stage", std::string(name_of(status.stage)) +
                          (spec.preflight_only ? " (only a preflight)" : ""));
  story.fact("Started", status.start_time);
  story.fact("Ended", status.completion_time);
  story.fact("Time to recover", status.time_to_recover);
  story.fact("Progress", is_final(status.stage) ? "" : status.progress);
  story.fact("Message", status.message);
  tell_stages(story, status);
  if (status.preflight) tell_preflight(story, *status.preflight);
  tell_volumes(story, status.volumes);
  tell_workloads(story, status.workloads);
  tell_objects(story, status);
  tell_hooks(story, status.hooks);
  story.list("Warnings", status.warnings);
}

}  // namespace dmaas::cli
