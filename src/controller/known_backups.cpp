#include "controller/known_backups.hpp"

namespace dmaas::controller {

std::vector<api::Snapshot> known_backups(const World& world, const std::string& namespace_name,
                                         const std::function<bool(const Json&)>& counts) {
  std::vector<api::Snapshot> backups;
  for (const auto& object : world.stores.snapshots.in_namespace(namespace_name)) {
    if (!counts(*object)) continue;
    auto backup = api::decode<api::Snapshot>(*object);
    if (!backup) continue;
    backup->source = Json();
    backups.push_back(std::move(*backup));
  }
  return backups;
}

}  // namespace dmaas::controller
