#include "controller/claim_sessions.hpp"

#include <algorithm>

#include "api/backup_session.hpp"
#include "api/restore_session.hpp"
#include "controller/backup/components.hpp"

namespace dmaas::controller {

std::string session_filling(const World& world, const kube::ObjectKey& claim,
                            const std::string& own_uid) {
  for (const auto& object : world.stores.restore_sessions.all()) {
    auto session = api::decode<api::RestoreSession>(*object);
    if (!session || session->metadata.uid == own_uid || is_final(session->status.stage)) continue;
    bool fills = std::ranges::any_of(session->status.volumes, [&](const auto& volume) {
      return volume.in_place && kube::ObjectKey{volume.namespace_name, volume.claim} == claim;
    });
    if (fills) return session->metadata.key().text();
  }
  return {};
}

std::string session_reading(const World& world, const kube::ObjectKey& claim) {
  for (const auto& object : world.stores.backup_sessions.all()) {
    auto session = api::decode<api::BackupSession>(*object);
    if (!session || is_final(session->status.phase)) continue;
    bool reads = std::ranges::any_of(session->status.components, [&](const auto& component) {
      return !is_final(component.phase) &&
             claim_of_component(component.name, session->metadata.namespace_name) == claim;
    });
    if (reads) return session->metadata.key().text();
  }
  return {};
}

}  // namespace dmaas::controller
