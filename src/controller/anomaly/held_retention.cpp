#include "controller/anomaly/held_retention.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "base/time_text.hpp"

namespace dmaas::controller {

std::optional<Timestamp> accepted_until(const api::BackupConfiguration& plan) {
  auto found = plan.metadata.annotations.find(std::string(api::annotation::accept_data));
  if (found == plan.metadata.annotations.end()) return std::nullopt;
  auto time = parse_timestamp(found->second);
  return time ? std::optional(*time) : std::nullopt;
}

std::vector<api::Snapshot> unaccepted_backups(const World& world,
                                              const api::BackupConfiguration& plan) {
  auto accepted = accepted_until(plan);
  std::vector<api::Snapshot> unaccepted;
  for (const auto& object : world.stores.snapshots.in_namespace(plan.metadata.namespace_name)) {
    if (text_at(*object, "status", "plan") != plan.metadata.key().text()) continue;
    auto backup = api::decode<api::Snapshot>(*object);
    bool is_unusual =
        backup && api::is_true(backup->status.conditions, api::condition::data_looks_unusual);
    if (is_unusual && (!accepted || backup->spec.time > *accepted))
      unaccepted.push_back(std::move(*backup));
  }
  std::ranges::sort(unaccepted, {}, [](const api::Snapshot& backup) { return backup.spec.time; });
  return unaccepted;
}

void note_unusual(api::Conditions& conditions, const api::BackupConfiguration& plan,
                  const std::vector<api::Snapshot>& unaccepted, Timestamp now) {
  if (unaccepted.empty()) {
    api::remove_condition(conditions, api::condition::data_looks_unusual);
    api::remove_condition(conditions, api::condition::retention_held);
    return;
  }
  const auto& first = unaccepted.front();
  const auto* why =
      api::find_condition(first.status.conditions, api::condition::data_looks_unusual);
  auto remedy = fmt::format(
      "look at the application; restore a backup from before {}, or, if it is "
      "as it should be, 'dmaas accept {} -n {}'",
      format_seconds(first.spec.time), plan.metadata.name, plan.metadata.namespace_name);
  api::set_condition(
      conditions,
      {.type = std::string(api::condition::data_looks_unusual),
       .status = api::ConditionStatus::yes,
       .reason = why->reason,
       .message = fmt::format("backup {}: {}; {}", first.metadata.name, why->message, remedy)},
      now);
  api::set_condition(
      conditions,
      {.type = std::string(api::condition::retention_held),
       .status = api::ConditionStatus::yes,
       .reason = std::string(api::condition::data_looks_unusual),
       .message = fmt::format("no backup expires, because data of {} look unusual "
                              "from backup {} on; {}",
                              unaccepted.size() == 1 ? std::string("one backup")
                                                     : fmt::format("{} backups", unaccepted.size()),
                              first.metadata.name, remedy)},
      now);
}

}  // namespace dmaas::controller
