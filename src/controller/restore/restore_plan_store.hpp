#pragma once

#include <stop_token>

#include "api/restore_report.hpp"
#include "controller/restore/reconcile_restore.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

// What preflight found out is needed until the restore ends and is too large for a status: it lies
// in a ConfigMap of the system namespace, named by the session's UID, and goes with its belongings.

Result<> save_restore_plan(World& world, const api::RestoreSession& session,
                           const api::RestoreReport& plan, std::stop_token stop);
/// Errors: not_found.
Result<api::RestoreReport> load_restore_plan(World& world, const api::RestoreSession& session,
                                             std::stop_token stop);

}  // namespace dmaas::controller
