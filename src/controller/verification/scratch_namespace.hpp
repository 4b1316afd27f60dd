#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "api/verification_session.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

// The namespace that a verification restores into: made for one session, named by its UID, cut off
// from everything else, and removed with all that is in it.

/// `source`: the namespace of the original, as far as this cluster has it: where it admits only
/// restricted pods the copy does too. Otherwise pods that could touch their node are refused, since
/// no policy isolates them. Pure.
Json scratch_manifest(const api::VerificationSession& session, const Json& source);
/// Traffic within the namespace and name resolution are open, and movers reach the system
/// namespace; nothing else comes in or goes out. Pure.
std::vector<Json> isolation_policies(const std::string& scratch, const std::string& system);

/// Makes it with its policies and the rights of the session's restore. True when it can be used.
/// Errors: already_exists (a namespace of that name is not this session's).
Result<bool> ensure_scratch(World& world, api::VerificationSession& session, std::stop_token stop);

/// Removes it with its volumes. "" when nothing remains; else what is waited for. Repeating is
/// harmless.
Result<std::string> remove_scratch(World& world, api::VerificationSession& session,
                                   std::stop_token stop);

}  // namespace dmaas::controller
