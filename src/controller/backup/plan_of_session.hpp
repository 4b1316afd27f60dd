#pragma once

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "base/result.hpp"

namespace dmaas::controller {

/// The plan by which a session goes on: as it was when the session started, for what is edited
/// later would make its parts those of two plans. `plan` is what it is now, which counts until
/// then. Hooks are left out where the session says so. Pure. Errors: invalid_input.
Result<api::BackupConfiguration> plan_of_session(const api::BackupSession& session,
                                                 api::BackupConfiguration plan);

}  // namespace dmaas::controller
