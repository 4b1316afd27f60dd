#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "api/repository.hpp"
#include "controller/gateway_client.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// Erases a repository with all its backups when its Repository object is deleted and says
/// `wipeOut`; a finalizer keeps the object until that is done. Only what this cluster owns, and
/// never because a namespace or a definition goes. Sessions that work on it are waited for, and
/// none begins meanwhile. A storage that does not answer is waited for without end: `wipeOut:
/// false` lets the object go.
class WipeOutReconciler final : public kube::Reconciler {
public:
  WipeOutReconciler(World& world, const GatewayClient& gateway)
      : world_(world), gateway_(gateway) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  void forget(const kube::ObjectKey&) override {}
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  /// Why nothing is erased; "" when it is.
  Result<std::string> find_pardon_of(const api::Repository& repository, std::stop_token stop);
  /// One look at it. Nothing: it is done; else what is waited for.
  Result<std::optional<std::string>> wipe_out(const api::Repository& repository,
                                              std::stop_token stop);
  /// Off the reconciler's thread. Returns how many objects were removed.
  Result<Json> erase(const api::Repository& repository, std::stop_token stop);
  /// Tells how it ended, and lets the object go.
  Result<> conclude(const api::Repository& repository, const kube::EventNote& note,
                    std::stop_token stop);
  /// They show backups that are no more.
  Result<> remove_snapshots(const api::Repository& repository, std::stop_token stop);

  World& world_;
  const GatewayClient& gateway_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
};

}  // namespace dmaas::controller
