#pragma once

#include <string>

#include "api/restore_session.hpp"
#include "api/standby.hpp"
#include "controller/standby/decide_standby.hpp"

namespace dmaas::controller {

// How a standby's status is written; pure.

/// What the claims hold once `session` (nothing: it was deleted) has done what it did to them.
api::StandbyData data_after(const api::StandbyStatus& status,
                            const std::optional<api::RestoreSession>& session);

/// A person has changed the spec: what failed is tried again at once.
void note_new_spec(api::Standby& standby);
/// How far the session is.
void note_work(api::StandbyStatus& status, const api::RestoreSession& session);
/// Takes over what the session of status.work has brought, and ends the work.
void take_session(api::Standby& standby, const StandbyScene& scene);
/// A backup without volumes: there is nothing to bring.
void note_nothing_to_sync(api::StandbyStatus& status, const api::StandbyBackup& backup);
/// What the activation made is gone.
void note_deactivated(api::StandbyStatus& status);

/// Phase, message and the condition Synced, from everything else. `trouble` is why it cannot
/// follow; "" when it can.
void summarise_standby(api::Standby& standby, const std::string& trouble, Timestamp now);

}  // namespace dmaas::controller
