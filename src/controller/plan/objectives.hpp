#pragma once

#include <optional>
#include <string>

#include "api/backup_configuration.hpp"
#include "base/clock.hpp"

namespace dmaas::controller {

/// What a plan has achieved, against its objectives.
struct Achievement {
  Timestamp creation{};                                       // of the plan
  std::optional<Timestamp> last_success{};                    // time of its newest complete backup
  std::optional<std::chrono::nanoseconds> time_to_recover{};  // of its last good verification
};

/// The condition ObjectivesMet. True only when every objective is met; Unknown while the time to
/// recover has never been measured. Its message changes only with the facts. Pure.
api::Condition judge_objectives(const api::PlanObjectives& objectives,
                                const Achievement& achievement, Timestamp now);

/// When the judgement may change though nothing happens; nothing: never. Pure.
std::optional<Timestamp> next_judgement(const api::PlanObjectives& objectives,
                                        const Achievement& achievement, Timestamp now);

}  // namespace dmaas::controller
