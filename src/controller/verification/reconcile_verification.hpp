#pragma once

#include <functional>

#include "api/restore_session.hpp"
#include "api/verification_session.hpp"
#include "controller/verification/run_checks.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// One verification, from Pending to its end; the status is its only memory:
///
///   Pending → Isolating → Restoring (→ Launching) → Checking → CleaningUp → Succeeded | Failed |
///   Cancelled
///
/// Isolating makes the scratch namespace and has a probe try to leave it. Restoring makes a
/// RestoreSession, which does that work. Whatever happens, a session ends only through CleaningUp,
/// and is over only when its scratch namespace is gone, or is kept for a person.
class VerificationReconciler final : public kube::Reconciler {
public:
  explicit VerificationReconciler(World& world) : world_(world) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;
  void on_wake(std::function<void(const kube::ObjectKey&)> wake) { wake_ = std::move(wake); }

private:
  using Session = api::VerificationSession;

  Result<kube::Action> step(Session& session, std::stop_token stop);
  Result<kube::Action> advance(Session& session, std::stop_token stop);
  void note_timeout(Session& session);
  bool is_patient(const Session& session, ErrorCode code) const;
  Result<kube::Action> begin(Session& session);
  Result<kube::Action> isolate(Session& session, std::stop_token stop);
  /// Where the probe must not come. Errors: those of the API server.
  Result<std::vector<std::string>> outside_addresses(std::stop_token stop);
  Result<kube::Action> restore(Session& session, std::stop_token stop);
  /// The session's restore, made when there is none.
  Result<api::RestoreSession> ensure_restore(Session& session, std::stop_token stop);
  Result<kube::Action> launch(Session& session, std::stop_token stop);
  Result<kube::Action> launch_chart(Session& session, std::chrono::nanoseconds left,
                                    std::stop_token stop);
  /// `ready`: when every workload was.
  Result<kube::Action> end_launch(Session& session, Timestamp ready, std::stop_token stop);
  Result<kube::Action> check(Session& session, std::stop_token stop);
  Result<std::optional<CheckOutcome>> step_check(Session& session,
                                                 const api::VerificationCheck& check,
                                                 std::stop_token stop);
  Result<kube::Action> clean_up(Session& session, std::stop_token stop);
  /// "" when it is gone or over; else what is waited for.
  Result<std::string> end_restore(const Session& session, std::stop_token stop);
  kube::Account account_of(const Session& session) const;

  World& world_;
  std::function<void(const kube::ObjectKey&)> wake_ = [](const kube::ObjectKey&) {};
};

}  // namespace dmaas::controller
