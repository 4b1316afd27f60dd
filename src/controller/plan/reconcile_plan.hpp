#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "applications/application.hpp"
#include "controller/policy/protection.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// Starts sessions when the schedule or a trigger says so, keeps the history short, and shows
/// before the first backup what the plan covers and what would stop it. A deleted plan stays until
/// its last session has ended.
class PlanReconciler final : public kube::Reconciler {
public:
  explicit PlanReconciler(World& world) : world_(world) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  Result<kube::Action> look_after(api::BackupConfiguration plan, std::stop_token stop);
  bool is_discovery_due(const api::BackupConfiguration& plan);
  void note_discovery(const api::BackupConfiguration& plan);
  /// What is remembered of a plan.
  void forget(const std::string& plan_uid);
  Result<> keep_shown(api::BackupConfiguration& plan, const Protection& before,
                      std::stop_token stop);
  Result<> look_at(api::BackupConfiguration& plan, std::stop_token stop);
  /// Condition SpaceSufficient.
  void note_room(api::BackupConfiguration& plan, const std::vector<api::BackupStorage>& storages);
  Result<> find_what_belongs(api::BackupConfiguration& plan, std::stop_token stop);
  /// Condition PointInTime, of plans where it is a question. What moves while it is read; "" when
  /// nothing does.
  Result<std::string> note_stillness(api::BackupConfiguration& plan,
                                     const applications::Application& application) const;
  Result<std::optional<std::chrono::nanoseconds>> run_schedules(api::BackupConfiguration& plan,
                                                                std::stop_token stop);
  Result<> run_trigger(api::BackupConfiguration& plan, std::stop_token stop);
  /// The next start of a run; nothing when there is none.
  Result<std::optional<Timestamp>> run_schedule(const api::BackupConfiguration& plan,
                                                const api::BackupRun& run, api::RunStatus& status,
                                                std::vector<api::BackupSession>& sessions,
                                                std::stop_token stop);
  Result<> start_session(const api::BackupConfiguration& plan, const std::string& name,
                         const api::BackupSessionSpec& spec, std::stop_token stop);
  /// Condition ObjectivesMet, and when it may change by itself.
  std::optional<Timestamp> judge(api::BackupConfiguration& plan);
  Result<> summarise_sessions(api::BackupConfiguration& plan, std::stop_token stop);

  World& world_;
  std::mutex mutex_;  // of what follows
  /// When the targets of a plan, by its uid, were last made to say how it stands.
  std::unordered_map<std::string, Timestamp> shown_;
  /// What the last discovery of a plan, by its uid, was made for.
  std::unordered_map<std::string, std::string> discovered_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
};

}  // namespace dmaas::controller
