#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/conditions.hpp"
#include "api/hooks.hpp"
#include "api/mover_settings.hpp"
#include "api/object.hpp"
#include "api/references.hpp"
#include "api/restore_changes.hpp"
#include "api/selection.hpp"

namespace dmaas::api {

/// An application that waits here for the failure of another cluster.
struct StandbySpec {
  NamespacedReference repository{};
  std::map<std::string, std::string> namespace_map{};
  std::map<std::string, std::string> storage_class_map{};
  ObjectSelection objects{};
  std::optional<RestoreChanges> changes{};
  std::string service_account_name{};
  bool keep_data_in_sync = true;
  std::chrono::nanoseconds refresh_interval = std::chrono::minutes{5};
  bool activate = false;
  bool discard_changes = false;
  std::vector<Hook> hooks{};
  std::chrono::nanoseconds timeout = std::chrono::hours{6};
  MoverSettings mover{};
  std::int32_t history_limit = 10;

  static void fields(auto& self, auto&& field) {
    field("repositoryRef", self.repository,
          "The Repository that is followed, mostly one that another cluster writes to.",
          rule::required, rule::immutable);
    field("namespaceMap", self.namespace_map, "As in a RestoreSession.", rule::max_items(100),
          rule::immutable);
    field("storageClassMap", self.storage_class_map, "As in a RestoreSession.",
          rule::max_items(100));
    field("objects", self.objects, "Which objects come with an activation; empty: all.");
    field("changes", self.changes, "How objects here differ from those of the backup.");
    field(
        "serviceAccountName", self.service_account_name,
        "Account in the standby's namespace that objects are created and removed as. Empty: an "
        "account that dmaas keeps outside the namespace, which may there what the role admin may.",
        rule::max_length(253));
    field("keepDataInSync", self.keep_data_in_sync,
          "Fill the claims here with each new backup. False: new backups are only tried, and all "
          "data comes with the activation.",
          rule::with_default);
    field("refreshInterval", self.refresh_interval,
          "How often the repository is looked at for backups that another cluster made, at least "
          "30 s. Those of this cluster are known at once.",
          rule::with_default);
    field("activate", self.activate,
          "True starts the application here, from the newest backup; synchronisation stops. False "
          "afterwards removes its workloads again and keeps its claims.");
    field("discardChanges", self.discard_changes,
          "After an activation: true lets the next backup overwrite what the application wrote "
          "here; false keeps it, and following stands still.");
    field("hooks", self.hooks, "Run in this order once the activated workloads are ready.",
          rule::keys("name"), rule::max_items(16));
    field("timeout", self.timeout, "Of each session, as in a RestoreSession.", rule::with_default);
    field("mover", self.mover, "Settings of the pods that move the data.");
    field("historyLimit", self.history_limit, "How many finished sessions are kept.",
          rule::with_default, rule::minimum(1), rule::maximum(200));
  }
};

enum class StandbyPhase { following, syncing, activating, active, deactivating, failed };
constexpr auto names_of(StandbyPhase) {
  return std::to_array<std::string_view>(
      {"Following", "Syncing", "Activating", "Active", "Deactivating", "Failed"});
}

/// What the claims here hold.
enum class StandbyData {
  none,     // no backup was brought yet
  partial,  // a session that writes to them has begun, and none has succeeded since
  synced,   // exactly the synced backup
  changed,  // what the application has written here since it was activated
};
constexpr auto names_of(StandbyData) {
  return std::to_array<std::string_view>({"None", "Partial", "Synced", "Changed"});
}

/// A session of a standby is for one of these.
enum class StandbyTask { sync, check, activation };
constexpr auto names_of(StandbyTask) {
  return std::to_array<std::string_view>({"Sync", "Check", "Activation"});
}

/// A backup as a standby remembers it.
struct StandbyBackup {
  std::string name{};
  std::string snapshot_id{};
  std::optional<Timestamp> time{};
  bool operator==(const StandbyBackup&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Name of its Snapshot.");
    field("snapshotId", self.snapshot_id, "Id of the restic snapshot of its resources component.");
    field("time", self.time, "The moment that it shows.");
  }
};

/// The session that is under way.
struct StandbyWork {
  std::string session{};
  StandbyTask task = StandbyTask::sync;
  StandbyBackup backup{};
  std::string progress{};

  static void fields(auto& self, auto&& field) {
    field("session", self.session, "Name of the RestoreSession, beside the standby.",
          rule::required);
    field("task", self.task, "What it is for.", rule::always);
    field("backup", self.backup, "The backup that it is about; activations choose the newest.");
    field("progress", self.progress, "How far it is.");
  }
};

/// The last synchronisation that succeeded.
struct StandbySync {
  std::string session{};
  std::optional<Timestamp> completion_time{};
  std::chrono::nanoseconds duration{};
  std::int32_t volumes = 0;
  std::int64_t bytes_total = 0;
  std::int64_t bytes_written = 0;

  static void fields(auto& self, auto&& field) {
    field("session", self.session, "Its RestoreSession.");
    field("completionTime", self.completion_time, "When it ended.");
    field("duration", self.duration, "How long it took.");
    field("volumes", self.volumes, "How many claims it filled or found equal.");
    field("bytesTotal", self.bytes_total, "How much data they hold.", rule::always);
    field("bytesWritten", self.bytes_written, "How much of it differed and was written.",
          rule::always);
  }
};

struct StandbyStatus {
  std::int64_t observed_generation = 0;
  StandbyPhase phase = StandbyPhase::following;
  StandbyData data = StandbyData::none;
  std::optional<StandbyBackup> newest{};
  std::optional<StandbyBackup> synced{};
  std::optional<StandbyBackup> checked{};
  std::optional<StandbyBackup> active{};
  std::optional<Timestamp> activation_time{};
  std::string time_to_activate{};
  std::optional<StandbySync> last_sync{};
  std::optional<StandbyWork> work{};
  std::int32_t sessions_started = 0;
  std::int32_t failures = 0;
  std::optional<StandbyTask> failed_task{};
  std::optional<Timestamp> retry_time{};
  std::string message{};
  Conditions conditions{};

  static void fields(auto& self, auto&& field) {
    field("observedGeneration", self.observed_generation,
          "Generation of the spec that this status is about.");
    field("phase", self.phase, "Where it stands. Failed: it is tried again at retryTime.",
          rule::always);
    field("data", self.data,
          "What the claims here hold. None: nothing yet. Partial: a session has begun to write. "
          "Synced: exactly the synced backup. Changed: the application has run on them here.",
          rule::always);
    field("newestBackup", self.newest, "The newest backup that is known.");
    field("syncedBackup", self.synced, "The backup that the claims were filled with last.");
    field("checkedBackup", self.checked, "The backup whose objects were tried last.");
    field("activeBackup", self.active, "The backup that the application here was started from.");
    field("activationTime", self.activation_time, "When the application was ready here.");
    field("timeToActivate", self.time_to_activate, "How long that took.");
    field("lastSync", self.last_sync, "The last synchronisation that succeeded.");
    field("work", self.work, "The session that is under way.");
    field("sessionsStarted", self.sessions_started, "How many sessions it has started.");
    field("failures", self.failures, "How many sessions failed since the last success.");
    field("failedTask", self.failed_task, "What the last session that failed was for.");
    field("retryTime", self.retry_time, "When what failed is tried again.");
    field("message", self.message, "In one sentence: what happens, and what helps.");
    field("conditions", self.conditions,
          "Ready: whether it can follow. Synced: whether the claims hold the newest backup. "
          "ActivationReady: whether the cluster would take every object of it.",
          rule::keys("type"));
  }
};

using Standby = Object<StandbySpec, StandbyStatus>;
template <>
const KindInfo& kind_info<Standby>();

}  // namespace dmaas::api
