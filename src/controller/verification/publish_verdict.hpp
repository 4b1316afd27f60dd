#pragma once

#include <stop_token>

#include "api/verification_session.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Writes these fields, which stay when the backup is published anew.
inline constexpr const char* verdict_manager = "dmaas-verification";

/// Condition Verified and status.verification of a backup, beside what others say of it. Pure.
Json verdict_document(const api::Snapshot& backup, const api::SnapshotVerification& verdict,
                      const std::string& message, Timestamp now);

/// Tells the outcome in the status of the session's Snapshot; nothing when there is none, the
/// Snapshot is gone, or the session is of a namespace that may only read the repository. Repeating
/// is harmless.
Result<> publish_verdict(World& world, const api::VerificationSession& session,
                         std::stop_token stop);

}  // namespace dmaas::controller
