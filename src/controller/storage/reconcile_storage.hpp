#pragma once

#include <map>
#include <mutex>
#include <string>

#include "api/backup_storage.hpp"
#include "api/gateway_configuration.hpp"
#include "controller/world.hpp"
#include "http/client.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// Tells the gateway where storages are and with which credentials, and shows on each BackupStorage
/// whether it can be reached.
class StorageReconciler final : public kube::Reconciler {
public:
  StorageReconciler(World& world, http::Client& gateway) : world_(world), gateway_(gateway) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  void forget(const kube::ObjectKey& key) override;

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
  /// A small object's way there and back. Errors: what the storage said, with the remedy.
  Result<> probe(const api::BackupStorage& storage, std::stop_token stop);

  World& world_;
  http::Client& gateway_;
  std::mutex mutex_;
  bool loaded_ = false;
  std::map<std::string, api::GatewayStorage> told_;
  std::map<kube::ObjectKey, std::chrono::nanoseconds> reached_at_;  // monotonic
};

}  // namespace dmaas::controller
