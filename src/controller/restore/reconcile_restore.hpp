#pragma once

#include <functional>
#include <string>

#include "api/restore_report.hpp"
#include "api/restore_session.hpp"
#include "controller/movers.hpp"
#include "controller/restore/restore_work.hpp"
#include "controller/work_source.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// One restore, from Pending to its end, by the same rules as BackupReconciler:
///
///   Pending → Preflight → RestoringBackups → ActivatingApplications → Succeeded | Failed
///
/// Deleting the session stops it; what it has restored stays, what it made for itself goes.
/// Preflight changes nothing. RestoringBackups applies configuration and then fills volumes;
/// workloads come only when every volume is bound, and dumps are played back when their application
/// runs: before all workloads are awaited, since one may need the data to become ready. Objects are
/// applied by a pod that acts as the session's account.
class RestoreReconciler final : public kube::Reconciler, public WorkSource {
public:
  explicit RestoreReconciler(World& world) : world_(world) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  Result<std::optional<api::WorkOrder>> order_for(const std::string& pod_uid,
                                                  std::stop_token stop) override;
  std::string_view session_kind() const override { return "RestoreSession"; }
  std::optional<api::OrderSession> session_of(const std::string& pod_uid) const override;
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  using Work = RestoreWork;

  Result<kube::Action> step(Work& work, std::stop_token stop);
  Result<kube::Action> advance(Work& work, std::stop_token stop);
  /// Has the session reconciled.
  std::function<void()> wake_for(const Work& work) const;
  void note_timeout(Work& work);
  Result<kube::Action> begin(Work& work, std::stop_token stop);
  Result<kube::Action> preflight(Work& work, std::stop_token stop);
  Result<kube::Action> restore_backups(Work& work, std::stop_token stop);
  Result<kube::Action> activate(Work& work, std::stop_token stop);
  void keep_hold(Work& work);
  /// Runs the pod of the present stage; its report when it is done. The pod waits until the report
  /// is in the status, and goes with `end_apply`.
  Result<std::optional<api::RestoreReport>> step_apply(Work& work, std::stop_token stop);
  Result<> end_apply(Work& work, std::stop_token stop);
  Result<bool> apply_workloads(Work& work, std::stop_token stop);
  Result<bool> await_workloads(Work& work, std::stop_token stop);
  Result<bool> run_activation_hooks(Work& work);
  Result<> take_volume_result(Work& work, const api::MoverResult& result,
                              api::RestoredVolume& volume, std::stop_token stop);
  Result<bool> fill_volumes(Work& work, std::stop_token stop);
  Result<MoverWish> wish_new_claim(Work& work, const api::PlannedVolume& planned,
                                   api::RestoredVolume& volume, std::stop_token stop);
  Result<> bind_volume(Work& work, const api::PlannedVolume& planned, api::RestoredVolume& volume,
                       std::stop_token stop);
  Result<> step_volume(Work& work, const api::PlannedVolume& planned, api::RestoredVolume& volume,
                       std::stop_token stop);
  Result<kube::Action> conclude(Work& work, std::stop_token stop);
  Result<> clean_up(Work& work, std::stop_token stop);
  /// Whether what may pass by itself is still waited for.
  bool is_patient(const api::RestoreSession& session) const;

  World& world_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
};

}  // namespace dmaas::controller
