#include "controller/plan/objectives.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

/// From when on the recovery point is worse than the objective.
std::optional<Timestamp> breach_of_recovery_point(const api::PlanObjectives& objectives,
                                                  const Achievement& achievement) {
  if (!objectives.recovery_point) return std::nullopt;
  return achievement.last_success.value_or(achievement.creation) + *objectives.recovery_point;
}

std::string recovery_point_text(const api::PlanObjectives& objectives,
                                const Achievement& achievement) {
  auto newest =
      achievement.last_success
          ? "the newest complete backup is of " + format_seconds(*achievement.last_success)
          : "there is no complete backup since " + format_seconds(achievement.creation);
  return fmt::format("{}, the recovery point objective is {}", newest,
                     format_duration(*objectives.recovery_point));
}

std::string recovery_time_text(const api::PlanObjectives& objectives,
                               const Achievement& achievement) {
  auto measured = std::chrono::round<std::chrono::seconds>(*achievement.time_to_recover);
  return fmt::format("the last verification recovered in {}, the recovery time objective is {}",
                     format_duration(measured), format_duration(*objectives.recovery_time));
}

}  // namespace

std::optional<Timestamp> newest_success(std::optional<Timestamp> known,
                                        const std::vector<api::BackupSession>& sessions,
                                        Timestamp now) {
  auto newest = known && *known <= now ? known : std::nullopt;
  for (const auto& session : sessions) {
    const auto& status = session.status;
    bool counts = status.phase == api::BackupPhase::succeeded && status.start_time &&
                  *status.start_time <= now;
    if (counts && (!newest || *status.start_time > *newest)) newest = status.start_time;
  }
  return newest;
}

api::Condition judge_objectives(const api::PlanObjectives& objectives,
                                const Achievement& achievement, Timestamp now) {
  std::vector<std::string> breaches;
  std::vector<std::string> met;
  std::string unknown;
  if (auto breach = breach_of_recovery_point(objectives, achievement)) {
    auto text = recovery_point_text(objectives, achievement);
    (now > *breach ? breaches : met).push_back(std::move(text));
  }
  if (objectives.recovery_time && achievement.time_to_recover) {
    auto text = recovery_time_text(objectives, achievement);
    bool is_met = *achievement.time_to_recover <= *objectives.recovery_time;
    (is_met ? met : breaches).push_back(std::move(text));
  } else if (objectives.recovery_time) {
    unknown = "the time to recover was never measured: verify a backup, 'dmaas verify PLAN'";
  }
  api::Condition condition{.type = std::string(api::condition::objectives_met)};
  if (!breaches.empty()) {
    condition.status = api::ConditionStatus::no;
    condition.reason = "Breached";
    condition.message = fmt::format("{}", fmt::join(breaches, "; "));
  } else if (!unknown.empty()) {
    condition.status = api::ConditionStatus::unknown;
    condition.reason = "NotMeasured";
    condition.message = unknown;
  } else {
    condition.status = api::ConditionStatus::yes;
    condition.reason = "Met";
    condition.message = fmt::format("{}", fmt::join(met, "; "));
  }
  return condition;
}

std::optional<Timestamp> next_judgement(const api::PlanObjectives& objectives,
                                        const Achievement& achievement, Timestamp now) {
  auto breach = breach_of_recovery_point(objectives, achievement);
  if (!breach || now > *breach) return std::nullopt;
  return *breach + std::chrono::seconds{1};
}

}  // namespace dmaas::controller
