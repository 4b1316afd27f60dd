#pragma once

#include <optional>
#include <string>

#include "api/snapshot.hpp"
#include "api/verification_session.hpp"

namespace dmaas::controller {

// How a verification's status is written; pure.

/// The steps of a verification, by their names in the status.
namespace verification_step {
inline constexpr std::string_view isolate = "Isolate";
inline constexpr std::string_view restore = "Restore";
inline constexpr std::string_view launch = "Launch";
inline constexpr std::string_view check = "Check";
inline constexpr std::string_view clean_up = "CleanUp";
}  // namespace verification_step

/// Condition: what the probe found out about the network of the scratch namespace.
inline constexpr std::string_view isolated = "Isolated";
/// Condition: the backup's Snapshot tells the outcome.
inline constexpr std::string_view published = "Published";

void enter_phase(api::VerificationSessionStatus& status, api::VerificationPhase phase,
                 Timestamp now);
/// What the present step does or waits for.
void note_step(api::VerificationSessionStatus& status, std::string message, Timestamp now);
/// Ends the present step well.
void end_step(api::VerificationSessionStatus& status, std::string message, Timestamp now);

/// Why the session fails, and that it has to be cleaned up; the first reason stays.
void note_verification_failure(api::VerificationSessionStatus& status, std::string message,
                               Timestamp now);
/// The same, for a session that is deleted: that says nothing about the backup.
void note_verification_cancelled(api::VerificationSessionStatus& status, Timestamp now);
bool has_failed(const api::VerificationSessionStatus& status);

/// Whether the restored application is left for a person to look at.
bool is_kept(const api::VerificationSession& session);

/// What the session found out about the backup; nothing when it did not come to that: it was
/// cancelled, refused, or found no backup.
std::optional<api::SnapshotVerification> verdict_of(const api::VerificationSession& session,
                                                    Timestamp now);

/// Results of checks that are not there yet, in the order of the spec.
void list_checks(api::VerificationSession& session);
/// "" when all have passed; else how many have not, and what the first one saw.
std::string describe_failed_checks(const api::VerificationSessionStatus& status);

/// Final phase, conditions, message and times.
void finish_verification(api::VerificationSession& session, Timestamp now);

}  // namespace dmaas::controller
