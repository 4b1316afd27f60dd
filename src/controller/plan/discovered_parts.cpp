#include "controller/plan/discovered_parts.hpp"

#include "controller/plan/next_run.hpp"

namespace dmaas::controller {
namespace {

/// Every backup looks by itself. A look asks for each kind that the cluster serves: with 500 plans
/// more often would be a load.
constexpr std::chrono::seconds longest_period = std::chrono::hours{1};
constexpr std::chrono::seconds spread_period = std::chrono::minutes{15};

}  // namespace

std::string discovered_parts(const api::BackupConfigurationSpec& plan) {
  auto parts = plan;
  parts.paused = false;
  parts.trigger.reset();
  for (auto& run : parts.runs) run = {.name = run.name, .targets = run.targets, .hooks = run.hooks};
  return to_canonical_text(to_json(parts));
}

std::chrono::seconds discovery_period_of(const std::string& plan_uid) {
  return longest_period - spread(plan_uid, spread_period);
}

}  // namespace dmaas::controller
