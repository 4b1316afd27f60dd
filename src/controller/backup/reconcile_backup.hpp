#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "applications/application.hpp"
#include "controller/backup/backup_work.hpp"
#include "controller/gateway_client.hpp"
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
/// Once a hook before may have run, HooksAfter is never left out. A failure is noted in condition
/// Failed and decides only where the way ends; deleting the session is such a failure, and the
/// object goes when the way has ended. A backup that is committed gets its Snapshot object whatever
/// failed afterwards.
class BackupReconciler final : public kube::Reconciler, public WorkSource {
public:
  BackupReconciler(World& world, const GatewayClient& gateway) : world_(world), gateway_(gateway) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  Result<std::optional<api::WorkOrder>> order_for(const std::string& pod_uid,
                                                  std::stop_token stop) override;
  std::string_view session_kind() const override { return "BackupSession"; }
  std::optional<api::OrderSession> session_of(const std::string& pod_uid) const override;
  /// Wakes the reconciliation of a session; set by the wiring.
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  using Work = BackupWork;

  Result<kube::Action> step(Work& work, std::stop_token stop);
  Result<kube::Action> advance(Work& work, std::stop_token stop);
  Result<> find_plan(Work& work) const;
  /// Whether what may pass by itself is still waited for.
  bool is_patient(const api::BackupSessionStatus& status) const;
  bool is_younger_than(const Work& work, std::chrono::seconds age) const;
  /// Notes a failure when the time of the session is over.
  void note_end_of_time(Work& work) const;
  Result<kube::Action> begin(Work& work, std::stop_token stop);
  /// Errors: what is missing or does not answer now.
  Result<> find_what_it_needs(const Work& work, std::stop_token stop) const;
  /// The name of the session of the same plan that has to end first; "" when this one may begin.
  std::string take_turn(const Work& work);
  std::ptrdiff_t count_resolving() const;
  Result<kube::Action> resolve(Work& work, std::stop_token stop);
  /// Condition PointInTime, before anything runs. Errors: invalid_input (the plan requires what its
  /// hooks do not give).
  Result<> note_stillness(Work& work, const applications::Application& application) const;
  /// The same once the hooks before have run.
  Result<> settle_stillness(Work& work, std::stop_token stop);
  void note_storages(Work& work, const std::vector<api::BackupStorage>& storages);
  Result<> open_repository(const Work& work, const api::BackupStorage& storage,
                           std::stop_token stop);
  Result<Json> open_repositories(const Work& work, std::stop_token stop);
  Result<kube::Action> run_stage_hooks(Work& work, std::stop_token stop);
  Result<kube::Action> move(Work& work, std::stop_token stop);
  Result<> give_up_where_storage_fails(Work& work, api::ComponentStatus& component,
                                       std::stop_token stop);
  Result<kube::Action> commit(Work& work, std::stop_token stop);
  void keep_hold(Work& work);
  Result<kube::Action> conclude(Work& work, std::stop_token stop);
  /// What keeps the session from going on; "" when nothing is known.
  std::string trouble_of(const Work& work) const;
  Result<bool> settle_commits(Work& work, std::stop_token stop);
  Result<bool> settle_commit(Work& work, api::ComponentStatus& component, std::stop_token stop);
  Result<> publish_commits(Work& work, std::stop_token stop);
  /// A deleted session is looked at by nobody: what its hooks did becomes events.
  void tell_failed_hooks(const Work& work);
  void cancel_background(const Work& work);
  void release_repositories(Work& work, std::stop_token stop);
  Result<> step_component(Work& work, api::ComponentStatus& component, std::stop_token stop);
  Result<> clean_up(Work& work, std::stop_token stop);
  Result<> save_status(Work& work, std::stop_token stop);
  Result<std::shared_ptr<const applications::Application>> application_of(Work& work,
                                                                          std::stop_token stop);

  World& world_;
  const GatewayClient& gateway_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const applications::Application>>
      applications_;             // by session uid
  std::set<std::string> begun_;  // uids of sessions that left Pending here
};

}  // namespace dmaas::controller
