#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/backup_target.hpp"
#include "api/conditions.hpp"
#include "api/hooks.hpp"
#include "api/mover_settings.hpp"
#include "api/object.hpp"

namespace dmaas::api {

/// full rereads all source data; incremental reads what changed since its parent.
enum class RunType { full, incremental };
constexpr auto names_of(RunType) {
  return std::to_array<std::string_view>({"full", "incremental"});
}

enum class FirstRun { at_once, scheduled };
constexpr auto names_of(FirstRun) {
  return std::to_array<std::string_view>({"AtOnce", "Scheduled"});
}

/// What becomes of a due time while another session of the plan is not over.
enum class Concurrency { queue, forbid };
constexpr auto names_of(Concurrency) {
  return std::to_array<std::string_view>({"Queue", "Forbid"});
}

/// A named recipe in a plan.
struct BackupRun {
  std::string name{};
  std::string schedule{};
  std::string time_zone{};
  std::optional<std::chrono::nanoseconds> interval{};
  std::optional<FirstRun> first_run{};
  std::chrono::nanoseconds jitter{0};
  std::optional<std::chrono::nanoseconds> start_deadline{};
  Concurrency concurrency = Concurrency::queue;
  std::int32_t retries = 0;
  std::vector<std::string> targets{};
  RunType type = RunType::incremental;
  std::int32_t full_every = 0;
  RunHooks hooks{};
  std::chrono::nanoseconds timeout = std::chrono::hours{6};
  MoverSettings mover{};

  /// Whether it starts by itself.
  bool is_timed() const { return !schedule.empty() || interval.has_value(); }
  bool starts_at_once() const;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Names the run in commands, sessions and backups.", rule::required,
          rule::pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
                        "must be lower-case letters, digits and '-', such as full"),
          rule::max_length(40));
    field(
        "schedule", self.schedule,
        "Cron expression of five fields, such as 0 3 * * *, or @hourly, @daily, @weekly, @monthly, "
        "@yearly. Empty: only on demand, unless interval is given. When clocks change, a time that "
        "is skipped runs at the moment of the change and one that comes twice runs the first time "
        "only; a schedule for every hour follows elapsed time.",
        rule::max_length(200));
    field("timeZone", self.time_zone,
          "Time zone of the schedule, such as Europe/Berlin; UTC when empty.",
          rule::max_length(64));
    field("interval", self.interval,
          "Instead of schedule: from one start to the next, such as 1h; at least 1m.");
    field("firstRun", self.first_run,
          "When the first one starts: AtOnce, as soon as the plan is ready, or Scheduled. By "
          "default AtOnce with interval, Scheduled with schedule.");
    field("jitter", self.jitter,
          "Each start is later by up to this, by a share that is the same whenever it is computed, "
          "so that many plans of one schedule do not start in the same moment.");
    field("startDeadline", self.start_deadline,
          "A start that is late by more than this is skipped. Without it, the newest start that "
          "was missed is made up, once.");
    field("concurrency", self.concurrency,
          "When it is due while another session of the plan is not over: Queue lets it wait, at "
          "most one of each run; Forbid skips it.",
          rule::with_default);
    field("retries", self.retries,
          "So often a session of the schedule that failed is followed by another one, after 1m, "
          "2m, 4m and so on up to 1h; until the next one is due.",
          rule::minimum(0), rule::maximum(10));
    field("targets", self.targets,
          "Names of the plan's targets that it backs up; all of them when empty. Backups of other "
          "targets are kept and counted apart by retention and fullEvery.",
          rule::max_items(32));
    field("type", self.type,
          "full rereads all source data; incremental reads what changed since the last backup. "
          "Both can be "
          "restored alone.",
          rule::with_default);
    field("fullEvery", self.full_every,
          "Of type incremental: so many backups from one full to the next, so that with 24 a full "
          "is followed by 23 incremental ones. 0: only the first one is full.",
          rule::minimum(0), rule::maximum(10'000));
    field("hooks", self.hooks, "Commands before and after the data is read.");
    field("timeout", self.timeout, "A session that takes longer is stopped and fails.",
          rule::with_default);
    field("mover", self.mover, "Settings of the pods that move the data.");
    field.rule("!has(self.interval) || !has(self.schedule) || self.schedule == ''",
               "give schedule or interval, not both");
  }
};

struct PlanStorage {
  NamespacedReference storage{};
  std::optional<NamespacedReference> retention_policy{};
  bool operator==(const PlanStorage&) const = default;

  static void fields(auto& self, auto&& field) {
    field("storageRef", self.storage, "The BackupStorage.", rule::required);
    field("retentionPolicyRef", self.retention_policy,
          "Which backups are kept on this storage; that of the plan by default.");
  }
};

/// Starts a session when its value changes: for people and pipelines that only edit the plan.
struct PlanTrigger {
  std::string run{};
  std::string value{};
  bool operator==(const PlanTrigger&) const = default;

  static void fields(auto& self, auto&& field) {
    field("run", self.run, "Run to start; the first of the plan when empty.", rule::max_length(40));
    field("value", self.value, "Any text; each new one starts one session.", rule::required,
          rule::min_length(1), rule::max_length(253));
  }
};

/// What a plan promises; a breach is a condition and an event.
struct PlanObjectives {
  std::optional<std::chrono::nanoseconds> recovery_point{};
  std::optional<std::chrono::nanoseconds> recovery_time{};
  bool operator==(const PlanObjectives&) const = default;

  static void fields(auto& self, auto&& field) {
    field("recoveryPoint", self.recovery_point,
          "How old the newest complete backup may be at most, such as 24h.");
    field("recoveryTime", self.recovery_time,
          "How long a recovery may take, such as 30m; verifications measure it.");
  }
};

/// Whether a backup of several volumes has to show one moment.
enum class GroupConsistency { best_effort, required };
constexpr auto names_of(GroupConsistency) {
  return std::to_array<std::string_view>({"BestEffort", "Required"});
}

/// Backups are taken on one storage, verified there, and copied to the plan's storages only then.
struct PlanStaging {
  NamespacedReference storage{};
  std::chrono::nanoseconds retention = std::chrono::hours{24};
  std::optional<LocalReference> verifier{};
  bool operator==(const PlanStaging&) const = default;

  static void fields(auto& self, auto&& field) {
    field("storageRef", self.storage, "The BackupStorage that backups are taken on.",
          rule::required);
    field("retention", self.retention,
          "How long they are kept there, at least until they are copied. Longer than from one "
          "backup to the next, a backup has an earlier one to be compared with.",
          rule::with_default);
    field("verifierRef", self.verifier,
          "The BackupVerifier that says how they are verified, in the same namespace; its schedule "
          "does not matter. Absent: the backup is restored whole into a scratch namespace, where "
          "the application has to become ready.");
  }
};

struct BackupConfigurationSpec {
  std::vector<BackupTarget> targets{};
  std::vector<BackupRun> runs{};
  std::vector<PlanStorage> storages{};
  std::optional<NamespacedReference> retention_policy{};
  std::optional<LocalReference> policy{};
  GroupConsistency group_consistency = GroupConsistency::best_effort;
  bool paused = false;
  bool exclude_secrets = false;
  std::int32_t history_limit = 10;
  std::optional<PlanTrigger> trigger{};
  PlanObjectives objectives{};
  std::optional<PlanStaging> stage_and_verify_first{};

  const BackupRun* find_run(std::string_view name) const;
  const BackupTarget* find_target(std::string_view name) const;

  static void fields(auto& self, auto&& field) {
    field("targets", self.targets, "The applications; all of them are captured together.",
          rule::required, rule::keys("name"), rule::min_items(1), rule::max_items(32));
    field("runs", self.runs, "Named recipes: when and how a backup is taken.", rule::required,
          rule::keys("name"), rule::min_items(1), rule::max_items(16));
    field("storages", self.storages,
          "Each gets every backup. Empty: the default storage that the namespace may use.",
          rule::max_items(8));
    field("retentionPolicyRef", self.retention_policy,
          "RetentionPolicy that says which backups are kept, of the same or the system namespace. "
          "None: "
          "all are.");
    field("policyRef", self.policy,
          "BackupPolicy whose bounds the plan keeps; it must be open to all targets.");
    field("groupConsistency", self.group_consistency,
          "Whether all that a backup holds has to be of one point in time. It is when hooks hold "
          "every target still whose data is read. Required: a backup that cannot be is refused "
          "before anything runs. BestEffort: it is taken, and says so.",
          rule::with_default);
    field("paused", self.paused, "No session starts while this is true; those that run go on.");
    field("excludeSecrets", self.exclude_secrets,
          "No Secret is stored, and values of Secrets that stand in other objects are taken out of "
          "them. A restore then needs the Secrets at its destination.");
    field("historyLimit", self.history_limit,
          "How many finished sessions are kept. Backups are not touched.", rule::with_default,
          rule::minimum(1), rule::maximum(200));
    field("trigger", self.trigger, "Starts a session when its value changes.");
    field("objectives", self.objectives, "What recoveries have to achieve.");
    field("stageAndVerifyFirst", self.stage_and_verify_first,
          "Take backups on another storage first, and copy to storages only what a verification "
          "there has passed.");
    field.rule(
        "!has(self.trigger) || !has(self.trigger.run) || self.trigger.run == '' || "
        "self.runs.exists(r, r.name "
        "== self.trigger.run)",
        "trigger.run must name one of runs");
  }
};

/// A due time at which no session was started.
struct SkippedStart {
  Timestamp time{};
  std::string reason{};
  std::string message{};
  bool operator==(const SkippedStart&) const = default;

  static void fields(auto& self, auto&& field) {
    field("time", self.time, "The scheduled time.", rule::required);
    field("reason", self.reason,
          "SkippedBecauseRunning, SkippedBecauseQueued, SkippedBecauseLate or, of restores, "
          "SkippedBecauseUnchanged.");
    field("message", self.message, "Why, for people.");
  }
};

struct RunStatus {
  std::string name{};
  std::optional<Timestamp> since{};
  std::optional<Timestamp> next_time{};
  std::optional<Timestamp> last_scheduled_time{};
  std::int32_t last_attempt = 0;
  std::optional<SkippedStart> last_skipped{};

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of the run.", rule::required);
    field("since", self.since, "Since when the plan has it.");
    field("nextTime", self.next_time,
          "When it starts next; absent without schedule or while paused.");
    field("lastScheduledTime", self.last_scheduled_time, "The scheduled time of its last session.");
    field("lastAttempt", self.last_attempt, "0, or which retry of that session was started last.");
    field("lastSkipped", self.last_skipped, "The last start that was skipped, and why.");
  }
};

struct ResolvedVolume {
  std::string claim{};
  std::string namespace_name{};
  std::string target{};
  std::string method{};
  std::string reason{};

  static void fields(auto& self, auto&& field) {
    field("claim", self.claim, "Name of the claim.", rule::required);
    field("namespace", self.namespace_name, "Namespace of the claim.");
    field("target", self.target, "The plan's target that it belongs to.");
    field("method", self.method, "How its data is read: mount; none when it cannot be read.");
    field("reason", self.reason, "Why this method.");
  }
};

/// What the targets are made of, known before the first backup.
struct ResolvedTargets {
  std::optional<Timestamp> time{};
  std::map<std::string, std::int32_t> objects{};
  std::vector<ResolvedVolume> volumes{};

  static void fields(auto& self, auto&& field) {
    field("time", self.time, "When this was found.");
    field("objects", self.objects, "How many objects by kind.");
    field("volumes", self.volumes, "The first 200 volumes.", rule::max_items(200));
  }
};

/// The last verification of a plan's backups that could be recovered.
struct PlanVerification {
  std::string session{};
  std::optional<Timestamp> time{};
  std::optional<std::chrono::nanoseconds> time_to_recover{};

  static void fields(auto& self, auto&& field) {
    field("session", self.session, "The VerificationSession.");
    field("time", self.time, "When it ended.");
    field("timeToRecover", self.time_to_recover,
          "From the start of the restore until the application was ready.");
  }
};

/// A storage of the plan that missed backups while it did not answer.
struct CatchUpStatus {
  std::string storage{};
  std::optional<Timestamp> missed_since{};
  std::optional<Timestamp> caught_up_until{};
  std::string session{};
  std::string message{};

  static void fields(auto& self, auto&& field) {
    field("storage", self.storage, "The storage, as namespace/name.", rule::required);
    field("missedSince", self.missed_since,
          "Time of the oldest backup that it missed; absent when it has all that it should.");
    field("caughtUpUntil", self.caught_up_until,
          "Backups up to this time are not looked at again: it has them, or had them.");
    field("session", self.session, "The last CopySession that caught up, in the plan's namespace.");
    field("message", self.message, "What it waits for.");
  }
};

struct BackupConfigurationStatus {
  std::int64_t observed_generation = 0;
  std::vector<RunStatus> runs{};
  std::optional<Timestamp> next_run_time{};
  std::optional<Timestamp> last_success_time{};
  std::string last_session{};
  std::string last_session_phase{};
  std::string last_trigger{};
  std::optional<ResolvedTargets> resolved{};
  std::optional<PlanVerification> last_verification{};
  std::vector<CatchUpStatus> catch_up{};
  std::vector<ObjectReference> shown_on{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that this status is about.");
    field("runs", self.runs, "The runs and when they start.", rule::keys("name"));
    field("nextRunTime", self.next_run_time, "When the next of all runs starts.");
    field("lastSuccessTime", self.last_success_time, "Time of the newest complete backup.");
    field("lastSession", self.last_session, "Name of the newest session.");
    field("lastSessionPhase", self.last_session_phase, "Phase of that session.");
    field("lastTrigger", self.last_trigger, "The last trigger value that started a session.");
    field("resolved", self.resolved, "What the targets are made of.");
    field("lastVerification", self.last_verification,
          "The last verification of one of its backups that succeeded.");
    field("catchUp", self.catch_up, "Storages that missed backups, and what is done about it.",
          rule::keys("storage"), rule::max_items(8));
    field("shownOn", self.shown_on,
          "Workloads and namespaces that carry the annotation dmaas.io/protection by this plan.",
          rule::max_items(3200));
    field("conditions", self.conditions, "What works and what does not.", rule::keys("type"));
  }
};

using BackupConfiguration = Object<BackupConfigurationSpec, BackupConfigurationStatus>;
template <>
const KindInfo& kind_info<BackupConfiguration>();

/// The targets that a run of the plan backs up.
std::vector<BackupTarget> targets_of(const BackupConfigurationSpec& plan, const BackupRun& run);
/// Names the same targets in the same way, whatever the order; a run that the plan does not have
/// (any more) counts as one of all targets.
std::string targets_key_of(const BackupConfigurationSpec& plan, std::string_view run);

/// The RetentionPolicy by which the plan's backups on a storage are kept; null: all of them are.
const NamespacedReference* retention_policy_of(const BackupConfiguration& plan,
                                               const kube::ObjectKey& storage);

}  // namespace dmaas::api
