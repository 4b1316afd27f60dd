#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/restore_session.hpp"
#include "api/snapshot.hpp"
#include "api/standby.hpp"
#include "controller/standby/decide_standby.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// Follows a repository by RestoreSessions that it owns, activates and deactivates. What is next
/// `decide_standby` says; a session that a process before this one started is found again by its
/// name. Deleting a Standby deletes its sessions, which wind themselves up, and leaves everything
/// else.
class StandbyReconciler final : public kube::Reconciler {
public:
  explicit StandbyReconciler(World& world) : world_(world) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;

private:
  using Standby = api::Standby;
  using Sessions = std::vector<api::RestoreSession>;

  /// Its newest backup. Errors: those of the references; unavailable (the repository cannot be
  /// read; what is known of it stays).
  Result<> look_at_source(const Standby& standby, std::optional<api::Snapshot>& newest) const;
  Result<Sessions> sessions_of(const Standby& standby, std::stop_token stop);
  /// Takes one up that was started and not written down.
  void adopt(Standby& standby, const Sessions& sessions) const;
  Result<kube::Action> move(Standby& standby, const StandbyScene& scene,
                            const std::optional<api::Snapshot>& newest, std::stop_token stop);
  Result<> start(Standby& standby, api::StandbyTask task,
                 const std::optional<api::Snapshot>& newest, std::stop_token stop);
  void tell_of_session(const Standby& standby, const StandbyScene& scene);
  Result<> deactivate(Standby& standby, std::stop_token stop);
  Result<> trim_history(const Standby& standby, const Sessions& sessions, std::stop_token stop);

  World& world_;
};

}  // namespace dmaas::controller
