#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/copy_session.hpp"
#include "controller/copying/copy_places.hpp"
#include "controller/movers.hpp"
#include "controller/work_source.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// One copying of backups, by the same rules as BackupReconciler:
///
///   Pending → Copying → Succeeded | Failed | Cancelled
///
/// One mover copies backup after backup; one that is lost is followed by another, which goes on
/// with what is there. Copies are shown as Snapshots as they come. Both repositories are held
/// meanwhile. Deleting the session stops it: backups that were copied completely stay.
class CopyReconciler final : public kube::Reconciler, public WorkSource {
public:
  explicit CopyReconciler(World& world) : world_(world) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  std::string_view session_kind() const override { return "CopySession"; }
  std::optional<api::OrderSession> session_of(const std::string& pod_uid) const override;
  Result<std::optional<api::WorkOrder>> order_for(const std::string& pod_uid,
                                                  std::stop_token stop) override;
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  /// What one reconciliation works on.
  struct Work {
    api::CopySession session{};
    Json before{};  // the status as it was
    CopyPlaces places{};

    bool is_over() const { return is_final(session.status.phase); }
  };

  Result<kube::Action> step(Work& work, std::stop_token stop);
  Result<kube::Action> advance(Work& work, std::stop_token stop);
  /// Whether what may pass by itself is still waited for.
  bool is_patient(const api::CopySession& session) const;
  Result<kube::Action> begin(Work& work);
  /// Why it does not begin now; "" when nothing is in the way.
  std::string reason_to_wait(const Work& work) const;
  Result<kube::Action> copy(Work& work, std::stop_token stop);
  /// Makes Snapshots of what is copied. False: not done yet.
  Result<bool> publish(Work& work);
  void keep_hold(const Work& work);
  Result<kube::Action> conclude(Work& work, std::stop_token stop);
  Result<> clean_up(Work& work, std::stop_token stop);
  std::optional<api::CopySession> find_by_mover(const std::string& pod_uid) const;

  World& world_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
};

}  // namespace dmaas::controller
