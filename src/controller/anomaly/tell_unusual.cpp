#include "controller/anomaly/tell_unusual.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/snapshot.hpp"
#include "controller/anomaly/held_retention.hpp"
#include "controller/anomaly/unusual_data.hpp"
#include "controller/copying/choose_copies.hpp"
#include "controller/known_backups.hpp"
#include "controller/status.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

/// The plan's backups before this one, wherever they are, each once: those of a stage are gone
/// soon.
std::vector<api::Snapshot> earlier_of(const World& world, const api::BackupConfiguration& plan,
                                      const api::Snapshot& backup) {
  auto accepted = accepted_until(plan);
  std::vector<api::Snapshot> earlier;
  auto is_of_plan = [key = plan.metadata.key().text()](const Json& object) {
    return flag_at(object, "status", "complete") && !kube::is_terminating(object) &&
           text_at(object, "status", "plan") == key;
  };
  for (auto& other : known_backups(world, backup.metadata.namespace_name, is_of_plan)) {
    bool counts = other.spec.time < backup.spec.time && (!accepted || other.spec.time >= *accepted);
    bool is_known = counts && std::ranges::any_of(earlier, [&](const api::Snapshot& known) {
                      return is_same_backup(known, other);
                    });
    if (counts && !is_known) earlier.push_back(std::move(other));
  }
  return earlier;
}

}  // namespace

Result<> tell_unusual(World& world, const api::BackupConfiguration& plan,
                      const kube::ObjectKey& backup, std::stop_token stop) {
  const auto resource = api::kind_info<api::Snapshot>().resource();
  auto published = TRY(world.client.get(resource, backup, stop));
  auto snapshot = TRY(api::decode<api::Snapshot>(published));
  bool is_known = api::find_condition(snapshot.status.conditions,
                                      api::condition::data_looks_unusual) != nullptr;
  auto found = find_unusual(snapshot, earlier_of(world, plan, snapshot));
  if (found.empty() || is_known) return {};
  auto message = fmt::format("{}", fmt::join(found, "; "));
  api::Condition condition{.type = std::string(api::condition::data_looks_unusual),
                           .status = api::ConditionStatus::yes,
                           .reason = "SuddenChange",
                           .message = message};
  TRY(apply_condition(world, snapshot, std::move(condition), anomaly_manager, std::move(stop)));
  kube::EventNote event{.severity = kube::EventSeverity::warning,
                        .reason = std::string(api::condition::data_looks_unusual),
                        .action = "Backup",
                        .message = fmt::format("backup {}: {}", snapshot.metadata.name, message)};
  world.events.record(published, event);
  world.events.record(plan.source, event);
  return {};
}

}  // namespace dmaas::controller
