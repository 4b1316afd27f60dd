#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/labels.hpp"
#include "base/fields.hpp"
#include "base/time_text.hpp"
#include "cli/describe/describe.hpp"

namespace dmaas::cli {
namespace {

std::string joined(const std::vector<std::string>& texts, const char* when_empty) {
  return texts.empty() ? when_empty : fmt::format("{}", fmt::join(texts, ", "));
}

std::string storages_of(const api::PlanBounds& bounds) {
  std::vector<std::string> names;
  for (const auto& storage : bounds.storages)
    names.push_back(storage.key(std::string(api::default_system_namespace)).text());
  if (bounds.own_storage) names.emplace_back("your own");
  return joined(names, "any that is open to the namespace");
}

std::string types_of(const api::PlanBounds& bounds) {
  std::vector<std::string> names;
  for (auto type : bounds.run_types) names.emplace_back(name_of(type));
  return joined(names, "any");
}

void tell_template(Story& story, const api::BackupPolicySpec& spec) {
  if (!spec.plan_template) return;
  story.heading("Runs of its plans");
  Table table({"NAME", "SCHEDULE", "TYPE"});
  for (const auto& run : spec.plan_template->runs) {
    table.add({run.name, run.schedule.empty() ? "on demand" : run.schedule,
               std::string(name_of(run.type))});
  }
  story.table(table);
}

void tell_variables(Story& story, const api::BackupPolicySpec& spec) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : spec.variables)
    lines.push_back(fmt::format("{}{}: {}", api::annotation::variable_prefix, name, value));
  story.list(spec.is_imposed() ? "Variables" : "Variables, set by annotations", lines);
}

void tell_impact(Story& story, const api::BackupPolicySpec& spec) {
  if (spec.impact.empty()) return;
  story.heading("What it does");
  Table table({"TYPE", "AVAILABILITY", "PERFORMANCE", "RECOVERABILITY", "SETTING IT UP"});
  for (const auto& impact : spec.impact) {
    table.add({std::string(name_of(impact.type)), impact.availability, impact.performance,
               impact.recoverability,
               impact.setup_makes_unavailable ? "makes it unavailable" : "keeps it available"});
  }
  story.table(table);
}

}  // namespace

void tell_offer(Story& story, const api::BackupPolicySpec& spec) {
  story.fact("For", joined(spec.open_to.kinds, ""));
  story.fact("Enforcement", std::string(name_of(spec.enforcement)));
  story.fact("About", spec.description);
  story.fact("Storages", storages_of(spec.allowed));
  story.fact("Types of runs", types_of(spec.allowed));
  story.fact("Retention", joined(spec.allowed.retention_policies, "any"));
  story.fact("Shortest interval",
             spec.allowed.min_interval ? format_duration(*spec.allowed.min_interval) : "");
  tell_template(story, spec);
  tell_variables(story, spec);
  tell_impact(story, spec);
}

void tell(Story& story, const api::BackupPolicy& policy) {
  const auto& status = policy.status;
  story.fact("Open to", fmt::format("{} namespaces", status.open_namespaces));
  story.fact("Protects",
             fmt::format("{} workloads and namespaces: 'dmaas get plans -A -l {}={}'",
                         status.protected_targets, api::label::policy, policy.metadata.name));
  story.fact("Failed", status.failed_targets == 0 ? "" : std::to_string(status.failed_targets));
  tell_offer(story, policy.spec);
  story.conditions(status.conditions);
}

}  // namespace dmaas::cli
