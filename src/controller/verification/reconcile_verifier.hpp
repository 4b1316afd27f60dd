#pragma once

#include <map>
#include <vector>

#include "api/backup_verifier.hpp"
#include "api/snapshot.hpp"
#include "api/verification_session.hpp"
#include "controller/world.hpp"
#include "kube/runtime/controller.hpp"

namespace dmaas::controller {

/// Starts verifications when the schedule says so or a backup is new, keeps the history short, and
/// shows the last result of each repository. One verification of a repository runs at a time;
/// backups go on meanwhile.
class VerifierReconciler final : public kube::Reconciler {
public:
  explicit VerifierReconciler(World& world) : world_(world) {}

  Result<kube::Action> reconcile(const Json& object, std::stop_token stop) override;

private:
  using Verifier = api::BackupVerifier;
  using Sessions = std::vector<api::VerificationSession>;

  /// Newest backups by repository, "namespace/name". Errors: those of the references.
  Result<std::map<std::string, api::Snapshot>> backups_of(const Verifier& verifier) const;
  /// The verifier's sessions, newest first.
  Sessions sessions_of(const Verifier& verifier) const;
  /// When to look again; nothing: when things change.
  Result<std::optional<Timestamp>> start_what_is_due(Verifier& verifier, const Sessions& sessions,
                                                     std::stop_token stop);
  Result<> start(const Verifier& verifier, const api::Snapshot& backup, Timestamp time,
                 std::stop_token stop);
  void take_results(Verifier& verifier, const Sessions& sessions);
  Result<> trim_history(const Verifier& verifier, const Sessions& sessions, std::stop_token stop);

  World& world_;
};

}  // namespace dmaas::controller
