#pragma once

#include "api/repository.hpp"
#include "api/snapshot.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// Sees to it that deleting a Snapshot object erases the backup exactly when deletionPolicy says
/// so: a finalizer keeps the object until maintenance has erased it. A namespace or definition that
/// is deleted erases nothing, whatever the policy says; neither does an object whose repository
/// this cluster may not write to.
class SnapshotReconciler final : public kube::Reconciler {
public:
  explicit SnapshotReconciler(World& world) : world_(world) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;

private:
  Result<kube::Action> release(const api::Snapshot& snapshot, std::stop_token stop);
  /// Why the backup is not going to be erased; "" when it is.
  Result<std::string> find_pardon(const api::Snapshot& snapshot, std::stop_token stop);
  /// Writes down, in the repository's status, that the backup has to be erased.
  Result<> owe_erasure(const kube::ObjectKey& repository, const std::string& snapshot_id,
                       std::stop_token stop);

  World& world_;
};

}  // namespace dmaas::controller
