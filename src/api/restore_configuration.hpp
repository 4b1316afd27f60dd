#pragma once

#include <optional>
#include <string>

#include "api/backup_configuration.hpp"
#include "api/conditions.hpp"
#include "api/object.hpp"
#include "api/restore_session.hpp"

namespace dmaas::api {

/// What becomes of a start whose backup is the one that was restored last.
enum class UnchangedBackup { skip, restore };
constexpr auto names_of(UnchangedBackup) {
  return std::to_array<std::string_view>({"Skip", "Restore"});
}

struct RestoreConfigurationSpec {
  std::string schedule{};
  std::string time_zone{};
  std::optional<std::chrono::nanoseconds> interval{};
  std::optional<std::chrono::nanoseconds> start_deadline{};
  bool paused = false;
  UnchangedBackup unchanged = UnchangedBackup::skip;
  std::int32_t history_limit = 10;
  RestoreTemplate session_template{};

  /// When it starts, as a run of a plan says that.
  BackupRun times() const;

  static void fields(auto& self, auto&& field) {
    field("schedule", self.schedule,
          "Cron expression, as in the runs of a BackupConfiguration, such as 0 3 * * *.",
          rule::max_length(200));
    field("timeZone", self.time_zone,
          "Time zone of the schedule, such as Europe/Berlin; UTC when empty.",
          rule::max_length(64));
    field("interval", self.interval,
          "Instead of schedule: from one start to the next, such as 1h; at least 1m. The first one "
          "is at once.");
    field("startDeadline", self.start_deadline,
          "A start that is late by more than this is skipped. Without it, the newest start that "
          "was missed, also while it was paused, is made up, once.");
    field("paused", self.paused, "No session starts while this is true; one that runs goes on.");
    field("unchanged", self.unchanged,
          "When the backup is the one that was restored last, by the same template: Skip leaves "
          "what the application has written since; Restore makes the data that of the backup "
          "again.",
          rule::with_default);
    field("historyLimit", self.history_limit, "How many finished sessions are kept.",
          rule::with_default, rule::minimum(1), rule::maximum(200));
    field("template", self.session_template,
          "The spec of the RestoreSessions, which are made in the same namespace and may what one "
          "may that a person makes there.",
          rule::required);
    field.rule("has(self.interval) != (has(self.schedule) && self.schedule != '')",
               "give exactly one of schedule and interval");
    field.rule(
        "has(self.template.inPlace) || (has(self.template.what) && has(self.template.what.data) && "
        "self.template.what.data == 'resourcesOnly')",
        "template.inPlace is required: without it only the first restore would bring data; give "
        "quiesce: scaleToZero or refuseIfInUse");
    field.rule("!has(self.template.preflightOnly) || !self.template.preflightOnly",
               "template.preflightOnly restores nothing: remove it");
  }
};

/// The last session of a RestoreConfiguration that has ended.
struct RefillResult {
  std::string session{};
  RestoreStage stage = RestoreStage::pending;
  std::optional<Timestamp> time{};

  static void fields(auto& self, auto&& field) {
    field("session", self.session, "Its name.", rule::required);
    field("stage", self.stage, "How it ended.", rule::always);
    field("time", self.time, "When it ended.");
  }
};

/// The backup that the destination was filled with last.
struct RefilledBackup {
  std::string name{};
  std::string snapshot_id{};
  std::optional<Timestamp> time{};
  std::string session{};

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of its Snapshot.");
    field("snapshotId", self.snapshot_id, "Id of the restic snapshot of its resources component.",
          rule::required);
    field("time", self.time, "The moment that it shows.");
    field("session", self.session, "The session that restored it.");
  }
};

struct RestoreConfigurationStatus {
  std::int64_t observed_generation = 0;
  std::optional<Timestamp> next_time{};
  std::optional<Timestamp> last_time{};
  std::optional<SkippedStart> last_skipped{};
  std::string running{};
  std::optional<RefillResult> last_session{};
  std::optional<Timestamp> last_success_time{};
  std::optional<RefilledBackup> last_restored{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that this status is about.");
    field("nextTime", self.next_time, "When the next session starts; absent while paused.");
    field("lastTime", self.last_time, "The last scheduled time that was started or skipped.");
    field("lastSkipped", self.last_skipped, "The last start that was skipped, and why.");
    field("running", self.running, "The session that is under way.");
    field("lastSession", self.last_session, "The last session that has ended.");
    field("lastSuccessTime", self.last_success_time,
          "When the last session that succeeded has ended.");
    field("lastRestored", self.last_restored,
          "The backup that was restored last; absent after a session that has begun to restore "
          "and did not succeed, since nobody knows what the data is of then.");
    field("conditions", self.conditions,
          "Ready: whether it can work. Restored: whether its last session succeeded.",
          rule::keys("type"));
  }
};

using RestoreConfiguration = Object<RestoreConfigurationSpec, RestoreConfigurationStatus>;
template <>
const KindInfo& kind_info<RestoreConfiguration>();

}  // namespace dmaas::api
