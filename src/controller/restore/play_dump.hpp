#pragma once

#include <stop_token>

#include "api/restore_report.hpp"
#include "api/work_order.hpp"
#include "controller/restore/restore_work.hpp"

namespace dmaas::controller {

// A dump is played back by a command in the image of the restored application, into which the mover
// is carried. It runs once; only when its pod is lost it runs again, with the whole dump.

/// The row of a dump before its turn.
api::RestoredDump pending_dump(const api::PlannedDump& planned);

/// Brings every dump of the session one step further, as many at a time as the storage allows. True
/// when all are played back. A failure ends its row, and the error names it.
Result<bool> play_dumps(World& world, RestoreWork& work, std::stop_token stop);

/// What the mover of a dump has to do, besides session and repository. Errors: those of the
/// restore's plan.
Result<api::OrderDump> dump_order(World& world, const api::RestoreSession& session,
                                  const api::RestoredDump& dump, std::stop_token stop);

/// Removes the movers of the session's dumps. Repeating is harmless.
Result<> retire_dumps(World& world, api::RestoreSessionStatus& status, std::stop_token stop);

}  // namespace dmaas::controller
