#include "cli/report/audit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/labels.hpp"
#include "base/describe.hpp"
#include "base/time_text.hpp"

DMAAS_DESCRIBE(dmaas::cli::PlanAudit);
DMAAS_DESCRIBE(dmaas::cli::RestoreAudit);
DMAAS_DESCRIBE(dmaas::cli::AuditReport);

namespace dmaas::cli {
namespace {

bool is_within(const std::optional<Timestamp>& time, const AuditPeriod& period) {
  return time && *time >= period.from && *time <= period.to;
}

std::string schedule_of(const api::BackupRun& run) {
  if (run.interval) return fmt::format("{}: every {}", run.name, format_duration(*run.interval));
  if (run.schedule.empty()) return run.name + ": on demand";
  return fmt::format("{}: {} {}", run.name, run.schedule,
                     run.time_zone.empty() ? "UTC" : run.time_zone);
}

std::string target_of(const api::BackupTarget& target) {
  if (target.workload)
    return target.workload->name.empty()
               ? target.workload->kind
               : fmt::format("{}/{}", target.workload->kind, target.workload->name);
  if (!target.helm_release.empty()) return "Helm release " + target.helm_release;
  if (target.all_objects) return "everything";
  return "by labels: " + target.name;
}

PlanAudit describe(const api::BackupConfiguration& plan) {
  PlanAudit audit{.plan = plan.metadata.key().text(),
                  .paused = plan.spec.paused,
                  .secrets_excluded = plan.spec.exclude_secrets,
                  .recovery_point_objective = plan.spec.objectives.recovery_point};
  auto policy = plan.metadata.labels.find(std::string(api::label::policy));
  if (policy != plan.metadata.labels.end()) audit.imposed_by = policy->second;
  for (const auto& target : plan.spec.targets) audit.targets.push_back(target_of(target));
  for (const auto& storage : plan.spec.storages)
    audit.storages.push_back(storage.storage.key(plan.metadata.namespace_name).text());
  for (const auto& run : plan.spec.runs) audit.schedules.push_back(schedule_of(run));
  return audit;
}

/// A backup on several storages is one moment.
void add_backups(PlanAudit& audit, const AuditedState& state, const AuditPeriod& period) {
  std::set<Timestamp> moments;
  std::set<Timestamp> verified;
  for (const auto& snapshot : state.snapshots) {
    const auto& time = snapshot.spec.time;
    if (snapshot.status.plan != audit.plan || !snapshot.status.complete) continue;
    if (!is_within(time, period)) continue;
    moments.insert(time);
    const auto& verification = snapshot.status.verification;
    if (!verification || !verification->verified) continue;
    verified.insert(time);
    if (verification->time < audit.last_verified_time) continue;
    audit.last_verified_time = verification->time;
    audit.time_to_recover = verification->time_to_recover;
  }
  audit.backups = static_cast<std::int32_t>(moments.size());
  audit.verified_backups = static_cast<std::int32_t>(verified.size());
  if (moments.empty()) return;
  audit.oldest_backup_time = *moments.begin();
  audit.newest_backup_time = *moments.rbegin();
  auto gap = period.to - *moments.rbegin();
  for (auto next = std::next(moments.begin()); next != moments.end(); ++next)
    gap = std::max(gap, *next - *std::prev(next));
  audit.longest_gap = gap;
}

void add_failures(PlanAudit& audit, const AuditedState& state, const AuditPeriod& period) {
  std::optional<Timestamp> newest;
  for (const auto& session : state.backups) {
    const auto& end = session.status.completion_time;
    auto plan = session.metadata.namespace_name + "/" + session.spec.plan.name;
    if (plan != audit.plan || session.status.phase != api::BackupPhase::failed) continue;
    if (!is_within(end, period)) continue;
    ++audit.failed_sessions;
    if (end < newest) continue;
    newest = end;
    audit.last_failure = session.status.message;
  }
}

std::vector<std::string> unprotected_claims(const AuditedState& state) {
  std::set<kube::ObjectKey> read;
  for (const auto& plan : state.plans) {
    if (!plan.status.resolved) continue;
    for (const auto& volume : plan.status.resolved->volumes) {
      const auto& in_namespace =
          volume.namespace_name.empty() ? plan.metadata.namespace_name : volume.namespace_name;
      if (volume.method != "none") read.insert({in_namespace, volume.claim});
    }
  }
  std::vector<std::string> missed;
  for (const auto& claim : state.claims) {
    if (!read.contains(claim)) missed.push_back(claim.text());
  }
  std::ranges::sort(missed);
  return missed;
}

RestoreAudit describe(const api::RestoreSession& session) {
  return {.session = session.metadata.key().text(),
          .time = session.status.start_time,
          .backup = session.status.snapshot,
          .account = session.spec.service_account_name,
          .stage = std::string(name_of(session.status.stage)),
          .message = session.status.message};
}

/// What stands in a cell must not end it.
std::string cell(std::string text) {
  std::ranges::replace(text, '|', '/');
  std::ranges::replace(text, '\n', ' ');
  return text.empty() ? "–" : text;
}
std::string cell(const std::optional<Timestamp>& time) {
  return time ? format_seconds(*time) : "–";
}
std::string cell(const std::optional<std::chrono::nanoseconds>& span) {
  return span ? format_duration(*span) : "–";
}

void add_plans(std::string& text, const std::vector<PlanAudit>& plans) {
  text += "\n## Plans\n\n";
  if (plans.empty()) {
    text += "There is none.\n";
    return;
  }
  text +=
      "| plan | protects | where | when | backups | newest | longest gap | allowed | kept? | "
      "failed "
      "| verified | time to recover |\n|---|---|---|---|--:|---|---|---|---|--:|--:|---|\n";
  for (const auto& plan : plans) {
    auto name = plan.imposed_by.empty() ? plan.plan : plan.plan + " by " + plan.imposed_by;
    if (plan.paused) name += ", paused";
    auto protects = fmt::format("{}", fmt::join(plan.targets, ", "));
    if (plan.secrets_excluded) protects += ", without Secrets";
    const char* kept = !plan.recovery_point_objective ? "–" : plan.keeps_objective() ? "yes" : "NO";
    text += fmt::format(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", cell(name),
        cell(protects), cell(fmt::format("{}", fmt::join(plan.storages, ", "))),
        cell(fmt::format("{}", fmt::join(plan.schedules, "; "))), plan.backups,
        cell(plan.newest_backup_time), cell(plan.longest_gap), cell(plan.recovery_point_objective),
        kept, plan.failed_sessions, plan.verified_backups, cell(plan.time_to_recover));
  }
  for (const auto& plan : plans) {
    if (!plan.last_failure.empty())
      text += fmt::format("\nLast failure of {}: {}\n", plan.plan, cell(plan.last_failure));
  }
}

void add_list(std::string& text, std::string_view title, const std::vector<std::string>& items) {
  text += fmt::format("\n## {}\n\n", title);
  if (items.empty()) text += "None.\n";
  for (const auto& item : items) text += fmt::format("- {}\n", item);
}

void add_restores(std::string& text, const std::vector<RestoreAudit>& restores) {
  text += "\n## Restores\n\n";
  if (restores.empty()) {
    text += "None.\n";
    return;
  }
  text += "| session | when | backup | as account | outcome |\n|---|---|---|---|---|\n";
  for (const auto& restore : restores) {
    text += fmt::format(
        "| {} | {} | {} | {} | {} |\n", cell(restore.session), cell(restore.time),
        cell(restore.backup), cell(restore.account),
        cell(restore.message.empty() ? restore.stage : restore.stage + ": " + restore.message));
  }
}

}  // namespace

AuditReport audit(const AuditedState& state, const AuditPeriod& period) {
  AuditReport report{.from = period.from, .to = period.to};
  for (const auto& plan : state.plans) {
    auto& audited = report.plans.emplace_back(describe(plan));
    add_backups(audited, state, period);
    add_failures(audited, state, period);
  }
  std::ranges::sort(report.plans, {}, &PlanAudit::plan);
  report.unprotected_claims = unprotected_claims(state);
  for (const auto& repository : state.repositories) {
    if (repository.status.last_check == api::CheckOutcome::failed)
      report.unhealthy_repositories.push_back(repository.metadata.key().text() + ": " +
                                              repository.status.last_check_message);
  }
  for (const auto& verification : state.verifications) {
    if (!is_within(verification.status.completion_time, period)) continue;
    ++report.verifications;
    report.failed_verifications += verification.status.phase == api::VerificationPhase::failed;
  }
  for (const auto& restore : state.restores) {
    const bool is_trial = restore.spec.defuse;
    if (!is_trial && is_within(restore.status.start_time, period))
      report.restores.push_back(describe(restore));
  }
  std::ranges::sort(report.restores, {}, &RestoreAudit::time);
  return report;
}

std::string audit_text(const AuditReport& report) {
  auto text = fmt::format("# Backups from {} to {}\n", format_seconds(report.from),
                          format_seconds(report.to));
  add_plans(text, report.plans);
  add_list(text, "Claims that no plan backs up", report.unprotected_claims);
  add_list(text, "Repositories with damage", report.unhealthy_repositories);
  text += fmt::format("\n## Trial restores\n\n{}, of which {} failed.\n", report.verifications,
                      report.failed_verifications);
  add_restores(text, report.restores);
  text +=
      "\nCounted is what is kept: sessions up to the history limit of their plan, backups until "
      "retention erases them. The longest gap begins with the oldest backup that is kept.\n";
  return text;
}

}  // namespace dmaas::cli
