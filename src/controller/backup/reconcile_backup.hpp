#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "applications/application.hpp"
#include "controller/backup/backup_work.hpp"
#include "controller/movers.hpp"
#include "controller/work_source.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// One backup, from Pending to its end. Each call does what the phase asks for and at most moves on
/// to the next; the status is the only memory, so a controller that starts anew goes on where the
/// last one stopped.
///
///   Pending → Resolving → HooksBefore → Moving → HooksAfter → Committing → Succeeded | Failed
///
/// Once a hook before has run, HooksAfter is never left out. A failure is noted in condition Failed
/// and decides only where the way ends. Deleting the session stops everything and leaves nothing
/// behind.
class BackupReconciler final : public kube::Reconciler, public WorkSource {
public:
  explicit BackupReconciler(World& world) : world_(world) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  Result<std::optional<api::WorkOrder>> order_for(const std::string& pod_uid,
                                                  std::stop_token stop) override;
  std::string_view session_kind() const override { return "BackupSession"; }
  /// Wakes the reconciliation of a session; set by the wiring.
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  using Work = BackupWork;

  Result<kube::Action> advance(Work& work, std::stop_token stop);
  Result<kube::Action> begin(Work& work);
  Result<kube::Action> resolve(Work& work, std::stop_token stop);
  Result<> open_repositories(Work& work, std::stop_token stop);
  Result<kube::Action> run_stage_hooks(Work& work, std::stop_token stop);
  Result<kube::Action> move(Work& work, std::stop_token stop);
  Result<kube::Action> commit(Work& work, std::stop_token stop);
  Result<kube::Action> conclude(Work& work, std::stop_token stop);
  Result<> step_component(Work& work, api::ComponentStatus& component, std::stop_token stop);
  Result<> clean_up(Work& work, std::stop_token stop);
  Result<> save_status(Work& work, std::stop_token stop);
  Result<std::shared_ptr<const applications::Application>> application_of(Work& work,
                                                                          std::stop_token stop);

  World& world_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const applications::Application>>
      applications_;  // by session uid
};

}  // namespace dmaas::controller
