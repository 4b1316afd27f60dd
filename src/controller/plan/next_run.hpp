#pragma once

#include <optional>

#include "api/backup_configuration.hpp"
#include "base/clock.hpp"

namespace dmaas::controller {

/// What a plan's schedule says at one moment. Pure.
struct DueRun {
  std::optional<Timestamp> due;   // a session for this time has to start now
  std::optional<Timestamp> next;  // the time after that; nothing without a schedule
};

/// `last` is the scheduled time of the run's last session, or the plan's creation when there was
/// none. Of several missed times only the newest is made up, once. Errors: invalid_input (the
/// schedule or its time zone).
Result<DueRun> find_due_run(const api::BackupRun& run, Timestamp last, Timestamp now);

}  // namespace dmaas::controller
