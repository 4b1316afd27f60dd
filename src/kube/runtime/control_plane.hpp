#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "kube/client/client.hpp"
#include "kube/runtime/controller.hpp"
#include "kube/runtime/leader_lease.hpp"
#include "kube/runtime/store.hpp"
#include "kube/runtime/watcher.hpp"

namespace dmaas::kube {

struct ControlPlaneOptions {
  std::optional<LeaseOptions> lease{};  // nothing: leads at once
  Clock* clock = &system_clock();
  RuntimeMetrics* metrics = &no_metrics();
  /// Called once this process leads and every store is synced, before the first reconciliation:
  /// takes over what an earlier leader left. An error ends `run`.
  std::function<Result<>(std::stop_token)> on_leading{};
};

/// The wiring of a controller process: stores with their watchers, controllers, leadership.
///
///   ControlPlane plane{client, {.lease = lease}};
///   Store& sessions = plane.store(sessions_resource);
///   plane.control({.name = "plans"}, plans, reconciler).triggered_by_children(sessions,
///   "BackupConfiguration"); return plane.run(stop);
class ControlPlane {
public:
  /// `client` must outlive it.
  ControlPlane(Client& client, ControlPlaneOptions options);
  ~ControlPlane();

  /// A store that is kept current while `run` runs. The same resource and selection gives the same
  /// store.
  Store& store(const Resource& resource, const WatcherOptions& options = {});
  /// The reconciler must outlive the plane. Clock and metrics of `options` are set to the plane's.
  Controller& control(ControllerOptions options, Store& store, Reconciler& reconciler);
  /// Runs `task` on a thread of its own while this process leads, beside the controllers. It
  /// returns soon after its token is stopped; its error ends `run`.
  void while_leading(std::function<Result<>(std::stop_token)> task);

  /// Fills the stores, waits for leadership, runs the controllers. Followers keep their stores
  /// current, so that taking over is quick. Returns after everything is joined. Errors: as
  /// run_as_leader.
  Result<> run(std::stop_token stop);

private:
  Result<> lead(std::stop_token over);

  struct Watched {
    Resource resource{};
    WatcherOptions options;
    std::unique_ptr<Store> store{};
  };

  Client& client_;
  ControlPlaneOptions options_;
  std::deque<Watched> watched_;
  std::vector<std::unique_ptr<Controller>> controllers_;
  std::vector<std::function<Result<>(std::stop_token)>> tasks_;
};

}  // namespace dmaas::kube
