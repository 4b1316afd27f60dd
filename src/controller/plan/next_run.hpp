#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/backup_configuration.hpp"
#include "base/clock.hpp"

namespace dmaas::controller {

/// What is known of a run's starts.
struct RunPast {
  std::string plan_uid{};
  Timestamp since{};                // when the plan got the run
  std::optional<Timestamp> last{};  // the last scheduled time that was started or skipped
  std::optional<Timestamp> last_started{};
  std::int32_t last_attempt = 0;  // of `last_started`
};

/// What a run's schedule says at one moment.
struct DueRun {
  std::optional<Timestamp> due{};    // the newest scheduled time whose start has come
  std::optional<Timestamp> start{};  // of `due`: the scheduled time and its jitter
  std::optional<Timestamp> next{};   // the start after that; nothing without a schedule
  /// The clock has gone back by more than a period: from now on this is `last`, else nothing would
  /// start until the clock is where it was.
  std::optional<Timestamp> went_back_to{};
};

/// Of several missed times only the newest is due. Pure. Errors: invalid_input (the schedule or its
/// time zone).
Result<DueRun> find_due_run(const api::BackupRun& run, const RunPast& past, Timestamp now);

/// Whole seconds from 0 to below `limit`, which is above 0: evenly spread over texts, always the
/// same for the same one. Pure.
std::chrono::seconds spread(std::string_view text, std::chrono::seconds limit);

/// By how much the start of a scheduled time is later: whole seconds below the run's jitter, always
/// the same for the same plan, run and time. Pure.
std::chrono::seconds jitter_of(const api::BackupRun& run, const std::string& plan_uid,
                               Timestamp time);

}  // namespace dmaas::controller
