#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "api/backup_storage.hpp"
#include "api/gateway_configuration.hpp"
#include "controller/gateway_client.hpp"
#include "controller/space/storage_meter.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// What a status shows of these paths: the first of them, as far as they fit. Pure.
api::FoundRepositories found_repositories(const std::vector<std::string>& paths);

/// Tells the gateway where storages are and with which credentials, and shows on each BackupStorage
/// whether it can be reached and how full it is.
class StorageReconciler final : public kube::Reconciler {
public:
  StorageReconciler(World& world, const GatewayClient& gateway)
      : world_(world), gateway_(gateway), meter_(world, gateway) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  void forget(const kube::ObjectKey& key) override;
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  Result<api::GatewayStorage> gateway_storage(const api::BackupStorage& storage,
                                              std::stop_token stop);
  /// Writes the Secret when anything changed. Returns whether it did.
  Result<bool> tell_gateway(const kube::ObjectKey& key, std::optional<api::GatewayStorage> storage,
                            std::stop_token stop);
  /// Whether a backup that runs writes to it.
  bool is_in_use(const api::BackupStorage& storage) const;
  bool must_probe(const api::BackupStorage& storage);
  enum class ProbeResult { reached, failed };
  void note_probe(const kube::ObjectKey& key, ProbeResult result);
  /// Of one that is deleted but must first be emptied.
  Result<kube::Action> wipe_out(api::BackupStorage& storage, std::stop_token stop);
  /// Looks for all repositories on the storage when its annotation has a new value.
  void list_if_asked(api::BackupStorage& storage);
  /// Repository objects of this cluster that lie on it.
  std::int32_t count_repositories(const kube::ObjectKey& storage) const;

  World& world_;
  const GatewayClient& gateway_;
  StorageMeter meter_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
  std::mutex mutex_;
  bool loaded_ = false;
  std::map<std::string, api::GatewayStorage> told_;
  std::map<kube::ObjectKey, std::chrono::nanoseconds> reached_at_;  // monotonic
};

}  // namespace dmaas::controller
