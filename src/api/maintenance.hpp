#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/backup_session.hpp"
#include "api/mover_settings.hpp"

/// Maintenance of a repository: expired and deleted backups are erased, the space that nothing
/// needs any more is given back, and what is left is checked.
namespace dmaas::api {

/// What an administrator wants for every repository of a storage.
struct MaintenanceSettings {
  std::string schedule = "@daily";
  std::string time_zone{};
  std::int32_t read_data_percent = 2;
  std::chrono::nanoseconds timeout = std::chrono::hours{6};
  MoverSettings mover{};

  static void fields(auto& self, auto&& field) {
    field("schedule", self.schedule,
          "When expired backups go and repositories are checked: a cron expression of five fields, "
          "or @daily, @weekly. Empty: only on demand and after backups were deleted.",
          rule::with_default, rule::max_length(200));
    field("timeZone", self.time_zone,
          "Time zone of the schedule, such as Europe/Berlin; UTC when empty.",
          rule::max_length(64));
    field("readDataPercent", self.read_data_percent,
          "How much of the data each check reads and verifies, another part each time, so that "
          "with 2 all of it was read after 50 checks. 0: only what is where, 100: everything.",
          rule::with_default, rule::minimum(0), rule::maximum(100));
    field("timeout", self.timeout,
          "Maintenance that takes longer is stopped; the next one goes on. No backup of the "
          "repository starts meanwhile.",
          rule::with_default);
    field("mover", self.mover, "Settings of the pod that does the work.");
  }
};

/// For the mover's task maintain.
struct OrderMaintenance {
  std::vector<std::string> erase{};
  std::optional<Timestamp> abandoned_before{};
  std::int32_t share = 0;
  std::int32_t shares = 0;

  static void fields(auto& self, auto&& field) {
    field("erase", self.erase,
          "Backups to erase, each by the id of its resources component. One that is gone already "
          "counts as erased.");
    field("abandonedBefore", self.abandoned_before,
          "Components that no backup was committed with are erased when they are older.");
    field("share", self.share, "Which part of the data is read, from 0.");
    field("shares", self.shares, "Into how many parts the data is divided; 0: none is read.");
  }
};

/// What the task found; report of its result.
struct MaintenanceReport {
  static constexpr std::size_t max_problems = 20;

  std::int32_t backups_erased = 0;
  std::int32_t abandoned_erased = 0;
  std::int64_t freed_bytes = 0;
  std::int64_t stored_bytes = 0;
  std::int64_t read_bytes = 0;
  std::int64_t problem_count = 0;
  std::vector<std::string> problems{};

  static void fields(auto& self, auto&& field) {
    field("backupsErased", self.backups_erased, "Backups that were erased.", rule::always);
    field("abandonedErased", self.abandoned_erased,
          "Components of backups that were never committed and were erased.");
    field("freedBytes", self.freed_bytes, "Bytes that are free again on the storage.",
          rule::always);
    field("storedBytes", self.stored_bytes, "Bytes of data on the storage afterwards.",
          rule::always);
    field("readBytes", self.read_bytes, "Bytes of data that were read and verified.");
    field("problemCount", self.problem_count, "How much damage the check found.");
    field("problems", self.problems, "The first of it.", rule::max_items(max_problems));
  }
};

enum class MaintenancePhase { idle, waiting, running, finishing };
constexpr auto names_of(MaintenancePhase) {
  return std::to_array<std::string_view>({"Idle", "Waiting", "Running", "Finishing"});
}

enum class MaintenanceOutcome { never, succeeded, failed };
constexpr auto names_of(MaintenanceOutcome) {
  return std::to_array<std::string_view>({"Never", "Succeeded", "Failed"});
}

/// Part of a Repository's status: the only memory of a maintenance that is under way.
struct MaintenanceStatus {
  MaintenancePhase phase = MaintenancePhase::idle;
  std::optional<Timestamp> start_time{};
  std::optional<PodIdentity> pod{};
  std::int32_t attempts = 0;
  std::vector<std::string> erasing{};
  std::string request{};
  MaintenanceOutcome outcome = MaintenanceOutcome::never;
  std::optional<Timestamp> completion_time{};
  std::optional<Timestamp> postponed_until{};
  std::string last_request{};
  std::string message{};
  std::optional<MaintenanceReport> report{};
  std::int32_t next_share = 0;

  static void fields(auto& self, auto&& field) {
    field("phase", self.phase,
          "Idle; Waiting for sessions that use the repository; Running; Finishing.", rule::always);
    field("startTime", self.start_time, "When the one that is under way began.");
    field("pod", self.pod, "The pod that does the work.");
    field("attempts", self.attempts, "How many pods were started for it.");
    field("erasing", self.erasing, "Backups that are being erased, by id.");
    field("request", self.request, "The request that it answers.");
    field("outcome", self.outcome, "How the last one ended.", rule::always);
    field("completionTime", self.completion_time, "When the last one ended.");
    field("postponedUntil", self.postponed_until,
          "When it is tried again, after it failed or the repository was in use.");
    field("lastRequest", self.last_request,
          "Value of the annotation dmaas.io/maintain that was answered last.");
    field("message", self.message, "In one sentence: what happened, and what helps.");
    field("report", self.report, "What the last one did that succeeded.");
    field("nextShare", self.next_share, "The part of the data that the next check reads.");
  }
};

}  // namespace dmaas::api
