#include "cli/migration/decide_migration.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/time_text.hpp"

namespace dmaas::cli {
namespace {

using api::BackupPhase;
using api::StandbyPhase;

/// A backup that brings less than this part of the data is little.
constexpr std::int64_t little = 20;
/// A destination that fails so often needs a person.
constexpr std::int32_t max_failures = 3;

MigrationDecision waiting(std::string what) {
  return {MigrationStep::wait, std::move(what)};
}

bool is_succeeded(const std::optional<api::BackupSession>& session) {
  return session && session->status.phase == BackupPhase::succeeded;
}

/// Nothing when it has succeeded.
Result<std::optional<MigrationDecision>> decide_session(
    const std::optional<api::BackupSession>& session, MigrationStep start) {
  if (!session) return std::optional(MigrationDecision{start, "a backup is started"});
  const auto& status = session->status;
  if (is_succeeded(session)) return std::optional<MigrationDecision>();
  if (is_final(status.phase)) {
    return fail(ErrorCode::internal,
                fmt::format("backup {} failed: {}. 'dmaas migrate resume' takes another one",
                            session->metadata.name, status.message));
  }
  return std::optional(waiting(fmt::format("backup {}: {} {}", session->metadata.name,
                                           name_of(status.phase), status.message)));
}

/// Whether a backup that the destination has is that of the session, or a later one: the session's
/// start is the moment that its backup shows.
bool has_backup_of(const std::optional<api::StandbyBackup>& there,
                   const api::BackupSession& session) {
  return there && there->time && session.status.start_time &&
         *there->time + std::chrono::seconds{1} > *session.status.start_time;
}

bool wants_another_round(const MigrationScene& scene) {
  const auto& last = scene.standby->status.last_sync;
  if (scene.record.goal == MigrationGoal::synced || scene.record.rounds >= max_rounds) return false;
  if (scene.record.rounds < 2 || !last) return true;
  return last->bytes_written > last->bytes_total / little;
}

std::string describe(const api::Standby& standby) {
  const auto& status = standby.status;
  return fmt::format("standby {}: {} {}", standby.metadata.name, name_of(status.phase),
                     status.message);
}

/// Nothing once the destination holds enough.
Result<std::optional<MigrationDecision>> decide_rounds(const MigrationScene& scene) {
  const auto& record = scene.record;
  if (record.session.empty())
    return std::optional(MigrationDecision{MigrationStep::name_round, ""});
  auto decision = TRY(decide_session(scene.session, MigrationStep::start_round));
  if (decision) return decision;
  if (!has_backup_of(scene.standby->status.synced, *scene.session))
    return std::optional(waiting(describe(*scene.standby)));
  if (!wants_another_round(scene)) return std::optional<MigrationDecision>();
  return std::optional(MigrationDecision{MigrationStep::name_round, ""});
}

Result<MigrationDecision> decide_cutover(const MigrationScene& scene) {
  const auto& record = scene.record;
  if (!record.is_stopping) return MigrationDecision{MigrationStep::name_workloads, ""};
  if (!scene.running.empty()) {
    return MigrationDecision{
        MigrationStep::stop_source,
        fmt::format("the application is stopped here: {} has not ended", scene.running.front())};
  }
  if (record.last_session.empty()) return MigrationDecision{MigrationStep::name_last_backup, ""};
  auto decision = TRY(decide_session(scene.last_session, MigrationStep::start_last_backup));
  if (decision) return *decision;
  const auto& standby = *scene.standby;
  if (!standby.spec.activate) return MigrationDecision{MigrationStep::activate, ""};
  if (standby.status.failures >= max_failures && !standby.status.work) {
    return fail(ErrorCode::internal,
                standby.status.message +
                    ". It is tried again: 'dmaas migrate resume' waits for it, 'dmaas migrate "
                    "rollback' goes back");
  }
  return waiting(describe(standby));
}

Result<MigrationDecision> decide_forward(const MigrationScene& scene) {
  const auto& standby = *scene.standby;
  if (standby.status.activation_time && standby.spec.activate) {
    bool is_older =
        scene.last_session && !has_backup_of(standby.status.active, *scene.last_session);
    if (is_older) {
      return fail(ErrorCode::internal,
                  "the application runs at the destination from a backup that is older than the "
                  "last one: 'dmaas migrate rollback', then 'dmaas migrate resume'");
    }
    if (scene.record.goal == MigrationGoal::migrated) return MigrationDecision{};
    return fail(ErrorCode::invalid_input,
                "the application runs at the destination already: 'dmaas migrate finish', or "
                "'dmaas migrate rollback'");
  }
  bool holds_changes = standby.status.data == api::StandbyData::changed &&
                       !standby.spec.discard_changes && !standby.status.active;
  if (holds_changes) {
    return fail(ErrorCode::invalid_input,
                "the application has run at the destination, and what it wrote there would be "
                "lost: 'dmaas migrate resume --discard-changes' overwrites it");
  }
  if (!standby.spec.keep_data_in_sync) return MigrationDecision{MigrationStep::follow, ""};
  if (!scene.record.is_stopping) {
    auto decision = TRY(decide_rounds(scene));
    if (decision) return *decision;
  }
  if (scene.record.goal == MigrationGoal::synced) return MigrationDecision{};
  return decide_cutover(scene);
}

MigrationDecision decide_back(const MigrationScene& scene) {
  const auto& standby = *scene.standby;
  if (standby.spec.activate) return {MigrationStep::deactivate, ""};
  if (standby.status.observed_generation != standby.metadata.generation || standby.status.active)
    return waiting(describe(standby));
  bool works = standby.status.work && standby.status.work->task == api::StandbyTask::activation;
  if (works) return waiting(describe(standby));
  if (scene.record.is_stopping) return {MigrationStep::start_source, ""};
  return {standby.spec.keep_data_in_sync ? MigrationStep::pause : MigrationStep::done, ""};
}

}  // namespace

Result<MigrationDecision> decide_migration(const MigrationScene& scene) {
  if (!scene.standby) {
    return fail(ErrorCode::not_found,
                fmt::format("standby {}/{} of this migration does not exist any more: 'dmaas "
                            "migrate delete' gives the application its replicas back",
                            scene.record.standby_namespace, scene.record.standby));
  }
  switch (scene.record.goal) {
    case MigrationGoal::synced:
    case MigrationGoal::migrated:
      return decide_forward(scene);
    case MigrationGoal::stopped:
    case MigrationGoal::rolled_back:
      return decide_back(scene);
  }
  return MigrationDecision{};
}

api::RestoreChanges as_it_was(api::RestoreChanges wanted, const MigrationRecord& record,
                              const std::string& plan) {
  auto set = [&](const std::string& kind, const std::string& name, JsonObject spec) {
    api::Transformation change;
    change.match.kinds = {kind};
    change.match.names = {name};
    change.merge_patch = JsonObject{{"spec", std::move(spec)}};
    if (std::ranges::find(wanted.transformations, change) == wanted.transformations.end())
      wanted.transformations.push_back(std::move(change));
  };
  set("BackupConfiguration", plan, {{"paused", record.was_paused}});
  for (const auto& workload : record.workloads) {
    if (workload.kind == "CronJob") {
      if (workload.replicas > 0) set("CronJob", workload.name, {{"suspend", false}});
      continue;
    }
    bool is_named = std::ranges::any_of(wanted.replicas,
                                        [&](const auto& own) { return own.name == workload.name; });
    if (!is_named)
      wanted.replicas.push_back({.name = workload.name, .replicas = workload.replicas});
  }
  return wanted;
}

}  // namespace dmaas::cli
