#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "base/clock.hpp"

namespace dmaas::controller {

/// What a plan has achieved, against its objectives.
struct Achievement {
  Timestamp creation{};                                       // of the plan
  std::optional<Timestamp> last_success{};                    // time of its newest complete backup
  std::optional<std::chrono::nanoseconds> time_to_recover{};  // of its last good verification
};

/// When the newest session that succeeded began. `known` is what was found before, for sessions go.
/// What is later than `now` was written down while the clock was ahead, and would hide that no
/// backup has come since. Pure.
std::optional<Timestamp> newest_success(std::optional<Timestamp> known,
                                        const std::vector<api::BackupSession>& sessions,
                                        Timestamp now);

/// The condition ObjectivesMet. True only when every objective is met; Unknown while the time to
/// recover has never been measured. Its message changes only with the facts. Pure.
api::Condition judge_objectives(const api::PlanObjectives& objectives,
                                const Achievement& achievement, Timestamp now);

/// When the judgement may change though nothing happens; nothing: never. Pure.
std::optional<Timestamp> next_judgement(const api::PlanObjectives& objectives,
                                        const Achievement& achievement, Timestamp now);

}  // namespace dmaas::controller
