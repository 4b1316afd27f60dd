#include "controller/backup/dropped_storages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/backup/backup_work.hpp"

namespace dmaas::controller {
namespace {

api::StorageResult* find_result(api::BackupSessionStatus& status, const std::string& storage) {
  auto found = std::ranges::find(status.storages, storage, &api::StorageResult::storage);
  return found == status.storages.end() ? nullptr : &*found;
}

}  // namespace

void drop_storage(api::BackupSessionStatus& status, const std::string& storage, std::string reason,
                  Timestamp now) {
  auto* result = find_result(status, storage);
  if (result == nullptr || result->dropped) return;
  result->dropped = true;
  result->message = std::move(reason);
  if (std::ranges::all_of(status.storages, &api::StorageResult::dropped))
    note_failure(status, status.storages.front().message, now);
}

bool is_dropped(const api::BackupSessionStatus& status, const std::string& storage) {
  return std::ranges::any_of(status.storages, [&](const auto& result) {
    return result.dropped && result.storage == storage;
  });
}

void drop_failed_storages(api::BackupSessionStatus& status, Timestamp now) {
  for (const auto& component : status.components) {
    if (component.phase != api::ComponentPhase::failed) continue;
    drop_storage(status, component.storage,
                 fmt::format("{}: {}", component.name, component.message), now);
  }
}

std::vector<api::BackupStorage> without_dropped(const api::BackupSessionStatus& status,
                                                std::vector<api::BackupStorage> storages) {
  std::erase_if(storages, [&](const auto& storage) {
    return is_dropped(status, storage.metadata.key().text());
  });
  return storages;
}

bool is_done_on_another(const api::BackupSessionStatus& status, const std::string& storage) {
  bool commits = status.phase == api::BackupPhase::committing;
  return std::ranges::any_of(status.storages, [&](const auto& other) {
    if (other.storage == storage || other.dropped) return false;
    return std::ranges::all_of(status.components, [&](const auto& component) {
      return component.storage != other.storage || (component.name == "resources" && !commits) ||
             component.phase == api::ComponentPhase::succeeded;
    });
  });
}

std::vector<std::string> describe_dropped(const api::BackupSessionStatus& status) {
  std::vector<std::string> texts;
  for (const auto& result : status.storages) {
    if (result.dropped)
      texts.push_back(fmt::format("not on storage {}: {}", result.storage, result.message));
  }
  return texts;
}

}  // namespace dmaas::controller
