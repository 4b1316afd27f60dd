#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "api/backup_storage.hpp"
#include "controller/gateway_client.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Keeps the figures about space in the statuses of storages: asks the gateway for the free space
/// of a directory at each look, and for the sizes of all repositories when they may have changed,
/// in the background. Thread-safe.
class StorageMeter {
public:
  StorageMeter(World& world, const GatewayClient& gateway) : world_(world), gateway_(gateway) {}

  /// Brings `status.space` and condition SpaceLow up to date, as far as it is known now; `wake` is
  /// called when a measurement ends.
  void look(api::BackupStorage& storage, const std::function<void(const kube::ObjectKey&)>& wake,
            std::stop_token stop);
  void forget(const kube::ObjectKey& key);

private:
  void measure_repositories(api::BackupStorage& storage,
                            const std::function<void(const kube::ObjectKey&)>& wake);
  /// Not after each failure at once.
  bool may_measure(const kube::ObjectKey& key);

  World& world_;
  const GatewayClient& gateway_;
  std::mutex mutex_;
  std::map<kube::ObjectKey, std::chrono::nanoseconds> failed_at_;  // monotonic
};

/// Puts the free space of a directory into its status, not written anywhere; of other storages and
/// where the gateway does not answer nothing changes.
void measure_filesystem(const GatewayClient& gateway, api::BackupStorage& storage,
                        std::stop_token stop);

/// Bytes that came to the storage since its repositories were measured, or are about to; 0 before.
std::int64_t added_to(const World& world, const api::BackupStorage& storage);

}  // namespace dmaas::controller
