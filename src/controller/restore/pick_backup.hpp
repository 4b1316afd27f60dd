#pragma once

#include <string>
#include <vector>

#include "api/restore_session.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace dmaas::controller {

/// A committed backup, as far as it decides which one is meant.
struct BackupMoment {
  std::string id{};  // hexadecimal, of its resources component
  Timestamp time{};
  std::string run{};  // of the plan that made it
};

/// Index of the one that is wanted: by the first digits of its id, or the newest of all, before a
/// time or of a day, or the oldest of a day, if asked for only of one run. `backups` are in order
/// of time; `id` is what `wanted.snapshot` stands for. Pure. Errors: not_found (the message lists
/// what there is), invalid_input (ambiguous, or an unknown time zone).
Result<std::size_t> pick_backup(const std::vector<BackupMoment>& backups,
                                const api::RestoreSource& wanted, const std::string& id);

/// What there is to choose from, for people: how many, and the days that have some, newest first.
std::string list_backups(const std::vector<BackupMoment>& backups, const std::string& time_zone);

}  // namespace dmaas::controller
