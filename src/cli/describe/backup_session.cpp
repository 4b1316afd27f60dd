#include <fmt/format.h>

#include "base/fields.hpp"
#include "cli/describe/describe.hpp"

namespace dmaas::cli {
namespace {

/// "Resolving > HooksBefore > [Moving] > HooksAfter > Committing"
std::string way_of(api::BackupPhase now) {
  std::string way;
  for (auto phase = api::BackupPhase::resolving; phase <= api::BackupPhase::committing;
       phase = static_cast<api::BackupPhase>(static_cast<int>(phase) + 1)) {
    if (!way.empty()) way += " > ";
    way += phase == now ? fmt::format("[{}]", name_of(phase)) : std::string(name_of(phase));
  }
  return way;
}

std::string message_of(const api::Conditions& conditions, std::string_view type) {
  const auto* found = api::find_condition(conditions, type);
  return found == nullptr ? "" : found->message;
}

std::string amount_of(const api::ComponentStatus& component) {
  bool runs = !is_final(component.phase) && component.bytes_total > component.bytes_done;
  auto total = describe_bytes(std::max(component.bytes_total, component.bytes_done));
  if (!runs) return total;
  return fmt::format("{} of {} ({}%)", describe_bytes(component.bytes_done), total,
                     component.bytes_done * 100 / component.bytes_total);
}

void tell_components(Story& story, const api::BackupSessionStatus& status) {
  if (status.components.empty()) return;
  story.heading("Components");
  Table table(
      {"NAME", "STORAGE", "PHASE", "READ", "NEW", "FILES", "TIME", "MOVERS", "NODE", "MESSAGE"});
  for (const auto& component : status.components) {
    table.add({component.name, component.storage, std::string(name_of(component.phase)),
               amount_of(component), describe_bytes(component.bytes_added),
               std::to_string(component.files_done),
               describe_span(component.start_time, component.completion_time, story.now()),
               std::to_string(component.attempts), component.node, component.message});
  }
  story.table(table);
}

void tell_storages(Story& story, const api::BackupSessionStatus& status) {
  if (status.storages.empty()) return;
  story.heading("Backups");
  Table table({"STORAGE", "REPOSITORY", "BACKUP", "MESSAGE"});
  for (const auto& result : status.storages) {
    table.add({result.storage, result.repository,
               result.snapshot.empty() ? (result.complete ? "yes" : "-") : result.snapshot,
               result.message});
  }
  story.table(table);
}

}  // namespace

void tell_hooks(Story& story, const std::vector<api::HookResult>& hooks) {
  if (hooks.empty()) return;
  story.heading("Hooks");
  Table table({"NAME", "STAGE", "POD", "RESULT", "MESSAGE"});
  for (const auto& hook : hooks) {
    table.add(
        {hook.name, hook.stage, hook.pod, hook.succeeded ? "succeeded" : "failed", hook.message});
  }
  story.table(table);
}

void tell(Story& story, const api::BackupSession& session) {
  const auto& spec = session.spec;
  const auto& status = session.status;
  story.fact("Plan",
             fmt::format("{}, run {}, {}", spec.plan.name,
                         spec.run.empty() ? "(the first)" : spec.run, name_of(status.type)));
  story.fact("Asked for", spec.scheduled_time ? "by the schedule" : "on demand");
  story.fact("Retry", spec.retry_of.empty()
                          ? ""
                          : fmt::format("{}, of session {}", spec.attempt, spec.retry_of));
  auto phase = std::string(name_of(status.phase));
  story.fact("Phase", is_final(status.phase) ? phase : phase + "  (" + way_of(status.phase) + ")");
  story.fact("Started", status.start_time);
  story.fact("Ended", status.completion_time);
  story.fact(status.completion_time ? "Took" : "Runs for",
             describe_span(status.start_time, status.completion_time, story.now()));
  story.fact("Progress", is_final(status.phase) ? "" : status.progress);
  story.fact("Objects", status.object_count > 0 ? std::to_string(status.object_count) : "");
  story.fact("Message", status.message);
  story.fact("Space", message_of(status.conditions, api::condition::space_sufficient));
  story.fact("Staging", message_of(status.conditions, api::condition::staging_passed));
  tell_components(story, status);
  tell_storages(story, status);
  tell_hooks(story, status.hooks);
  story.list("Warnings", status.warnings);
}

}  // namespace dmaas::cli
