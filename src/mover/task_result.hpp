#pragma once

#include <stop_token>

#include "engine/archive/back_up.hpp"
#include "mover/task.hpp"

namespace dmaas::mover {

/// What the order says about the snapshot to write. A parent that is gone or damaged is left out:
/// then everything is read. Errors: invalid_input (the parent's id).
Result<engine::BackupOptions> backup_options(const TaskContext& context, std::stop_token stop);
/// Unreadable files make the backup incomplete: the result is then a failure that names the first
/// of them.
api::MoverResult result_of(const engine::BackupSummary& summary, const api::WorkOrder& order);

}  // namespace dmaas::mover
