#pragma once

#include <string>

#include "api/restore_configuration.hpp"
#include "base/clock.hpp"

namespace dmaas::controller {

// The sessions of a RestoreConfiguration, and what its status takes over from them. Pure.

/// The session of a scheduled time: the same name whenever it is asked for, so that there is one.
std::string refill_session_name(const api::RestoreConfiguration& refill, Timestamp due);
/// What the template says, and nothing else: it may what a session may that a person makes in the
/// same namespace.
api::RestoreSession refill_session(const api::RestoreConfiguration& refill, Timestamp due);

/// Takes over how a session has ended.
void take_session(api::RestoreConfigurationStatus& status, const api::RestoreSession& session,
                  Timestamp now);
/// The session that was under way is gone, and nobody saw how it ended.
void note_lost_session(api::RestoreConfigurationStatus& status, Timestamp now);

}  // namespace dmaas::controller
