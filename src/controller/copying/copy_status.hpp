#pragma once

#include <string>
#include <vector>

#include "api/copy_session.hpp"
#include "api/work_order.hpp"

namespace dmaas::controller {

// How a copy's status is written; pure.

/// Why the session fails; the first reason stays.
void note_failure(api::CopySessionStatus& status, std::string message, Timestamp now);
void note_cancelled(api::CopySessionStatus& status, Timestamp now);
bool has_failed(const api::CopySessionStatus& status);
/// Whether the mover has done with every backup.
bool is_all_done(const api::CopySessionStatus& status);
/// Whether a copy that is on the destination has no Snapshot yet.
bool owes_snapshots(const api::CopySessionStatus& status);

/// What the mover tells of single backups while it works or at its end.
void take_copied(api::CopySessionStatus& status, const std::vector<api::CopiedBackup>& copied);
void take_progress(api::CopySessionStatus& status, const api::MoverProgress& progress);
/// The end of the mover's work. One that failed before it came to every backup leaves the rest
/// undone: the session fails with its message.
void take_result(api::CopySessionStatus& status, const api::MoverResult& result, Timestamp now);

/// Final phase, conditions and message from what happened.
void finish_status(api::CopySessionStatus& status, Timestamp now);

}  // namespace dmaas::controller
