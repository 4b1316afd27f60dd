#include "controller/plan/discovered_parts.hpp"

#include "crypto/sha256.hpp"

namespace dmaas::controller {
namespace {

/// Every backup looks by itself. A look asks for each kind that the cluster serves: with 500 plans
/// more often would be a load.
constexpr std::chrono::seconds longest_period = std::chrono::hours{1};
constexpr unsigned spread_seconds = 15 * 60;

}  // namespace

std::string discovered_parts(const api::BackupConfigurationSpec& plan) {
  auto parts = plan;
  parts.paused = false;
  parts.trigger.reset();
  for (auto& run : parts.runs) run = {.name = run.name, .targets = run.targets, .hooks = run.hooks};
  return to_canonical_text(to_json(parts));
}

std::chrono::seconds discovery_period_of(const std::string& plan_uid) {
  auto digest = crypto::sha256(bytes_of(plan_uid));
  unsigned number = digest[0] << 8U | digest[1];
  return longest_period - std::chrono::seconds{number % spread_seconds};
}

}  // namespace dmaas::controller
