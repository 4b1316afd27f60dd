#include "controller/plan/discovered_parts.hpp"

namespace dmaas::controller {

std::string discovered_parts(const api::BackupConfigurationSpec& plan) {
  auto parts = plan;
  parts.paused = false;
  parts.trigger.reset();
  for (auto& run : parts.runs) run = {.name = run.name, .targets = run.targets, .hooks = run.hooks};
  return to_canonical_text(to_json(parts));
}

}  // namespace dmaas::controller
