#pragma once

#include <optional>

#include "api/backup_verifier.hpp"
#include "base/clock.hpp"

namespace dmaas::controller {

/// What a verifier's schedule says at one moment.
struct DueVerification {
  std::optional<Timestamp> due{};   // sessions for this time have to start now
  std::optional<Timestamp> next{};  // the time after that; nothing without a schedule
  /// The clock has gone back: from now on this is the last scheduled time.
  std::optional<Timestamp> went_back_to{};
};
/// Of several missed times only the newest is made up, once. Pure. Errors: invalid_input (the
/// schedule).
Result<DueVerification> find_due_verification(const api::BackupVerifier& verifier, Timestamp now);

/// Whether the newest backup of a repository has to be verified because it is new: it was taken
/// since the verifier was made, and no session was started for it or a later one. Pure.
bool is_new_backup(const api::BackupVerifier& verifier, const api::VerifierResult& known,
                   Timestamp backup);

/// The row of a repository, made when there is none.
api::VerifierResult& result_of(api::BackupVerifierStatus& status, const std::string& repository);

/// Condition Verified over all rows. Pure.
void summarise_results(api::BackupVerifierStatus& status, Timestamp now);

}  // namespace dmaas::controller
