#include <fmt/format.h>

#include <algorithm>

#include "base/fields.hpp"
#include "base/time_text.hpp"
#include "cli/describe/describe.hpp"

namespace dmaas::cli {
namespace {

std::string duration_text(const std::optional<std::chrono::nanoseconds>& duration) {
  return duration ? format_duration(std::chrono::round<std::chrono::seconds>(*duration)) : "";
}

std::string what_of(const api::VerificationCheck& check) {
  if (check.exec) return "exec " + check.exec->command.front();
  if (check.http)
    return fmt::format("http {}:{}{}", check.http->service, check.http->port, check.http->path);
  return check.files ? "files" : "ready";
}

void tell_settings(Story& story, const api::VerificationSettings& settings) {
  story.fact("Launch", settings.manifest ? "a manifest on the restored volumes"
                       : settings.helm
                           ? fmt::format("chart {} on the restored volumes", settings.helm->chart)
                           : "the restore");
  story.fact("Acts as", settings.service_account_name.empty()
                            ? ""
                            : "account " + settings.service_account_name);
  story.fact("Unisolated", settings.allow_unisolated ? "allowed" : "");
  story.fact("On failure", settings.keep_on_failure ? "the scratch namespace is kept" : "");
}

void tell_steps(Story& story, const std::vector<api::StageStatus>& steps) {
  if (steps.empty()) return;
  story.heading("Steps");
  Table table({"STEP", "STATE", "TIME", "MESSAGE"});
  for (const auto& step : steps) {
    table.add({step.name, std::string(name_of(step.state)),
               describe_span(step.start_time, step.completion_time, story.now()), step.message});
  }
  story.table(table);
}

void tell_checks(Story& story, const api::VerificationSession& session) {
  if (session.status.checks.empty()) return;
  story.heading("Checks");
  Table table({"NAME", "WHAT", "STATE", "TIME", "MESSAGE"});
  const auto& checks = session.spec.verification.checks;
  for (const auto& result : session.status.checks) {
    auto check = std::ranges::find(checks, result.name, &api::VerificationCheck::name);
    table.add({result.name, check == checks.end() ? "" : what_of(*check),
               std::string(name_of(result.state)),
               describe_span(result.start_time, result.completion_time, story.now()),
               result.message});
  }
  story.table(table);
}

}  // namespace

void tell(Story& story, const api::VerificationSession& session) {
  const auto& status = session.status;
  story.fact("Repository", session.spec.repository.key(session.metadata.namespace_name).text());
  story.fact("Verifier", session.spec.verifier ? session.spec.verifier->name : "");
  story.fact("Backup", status.snapshot);
  story.fact("Backup of", status.backup_time);
  tell_settings(story, session.spec.verification);
  story.fact("Phase", std::string(name_of(status.phase)));
  story.fact("Started", status.start_time);
  story.fact("Ended", status.completion_time);
  story.fact("Time to recover", duration_text(status.time_to_recover));
  story.fact("Recovery point", duration_text(status.recovery_point));
  story.fact("Restore", status.restore_session);
  story.fact("Scratch namespace", status.scratch_namespace);
  story.fact("Message", status.message);
  bool is_kept = is_final(status.phase) && !status.scratch_namespace_uid.empty();
  story.fact("To remove it",
             is_kept ? fmt::format("kubectl -n {} delete verificationsession {}",
                                   session.metadata.namespace_name, session.metadata.name)
                     : "");
  tell_steps(story, status.steps);
  tell_checks(story, session);
  story.list("Warnings", status.warnings);
  story.conditions(status.conditions);
}

void tell(Story& story, const api::BackupVerifier& verifier) {
  const auto& spec = verifier.spec;
  const auto& status = verifier.status;
  std::vector<std::string> subjects;
  for (const auto& plan : spec.plans) subjects.push_back("plan " + plan.name);
  for (const auto& repository : spec.repositories)
    subjects.push_back("repository " + repository.key(verifier.metadata.namespace_name).text());
  story.fact("Verifies", fmt::format("{}", fmt::join(subjects, ", ")));
  story.fact("Schedule", spec.schedule + (spec.time_zone.empty() ? "" : " " + spec.time_zone));
  story.fact("After each backup", spec.after_backup ? "yes" : "");
  story.fact("Next", status.next_time);
  tell_settings(story, spec.verification);
  if (!spec.verification.checks.empty()) {
    story.heading("Checks");
    Table table({"NAME", "WHAT"});
    for (const auto& check : spec.verification.checks) table.add({check.name, what_of(check)});
    story.table(table);
  }
  if (!status.results.empty()) {
    story.heading("Last results");
    Table table({"REPOSITORY", "PHASE", "BACKUP", "WHEN", "RECOVERED IN", "DATA OLD", "MESSAGE"});
    for (const auto& result : status.results) {
      table.add({result.repository, result.phase, result.backup,
                 result.time ? describe_time(*result.time, story.now()) : "",
                 duration_text(result.time_to_recover), duration_text(result.recovery_point),
                 result.message});
    }
    story.table(table);
  }
  story.conditions(status.conditions);
}

}  // namespace dmaas::cli
