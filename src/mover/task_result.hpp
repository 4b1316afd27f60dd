#pragma once

#include "api/work_order.hpp"
#include "engine/archive/back_up.hpp"

namespace dmaas::mover {

/// What the order says about the snapshot to write. Errors: invalid_input (the parent's id).
Result<engine::BackupOptions> backup_options(const api::WorkOrder& order);
/// Unreadable files make the backup incomplete: the result is then a failure that names the first
/// of them.
api::MoverResult result_of(const engine::BackupSummary& summary);

}  // namespace dmaas::mover
