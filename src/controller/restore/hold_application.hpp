#pragma once

#include <functional>
#include <stop_token>

#include "controller/restore/restore_work.hpp"

namespace dmaas::controller {

// With `quiesce: hook` an application goes on while its claims are filled, and every pod that uses
// one is held still by a hook, as backups do it (quiescence.hpp): whatever happens here, the pod
// undoes it by itself.

/// Called when work in the background has ended.
using Wake = std::function<void()>;

/// Whether the session's hook is one that holds still; at once fine where it has none. Errors:
/// not_found, permission_denied, invalid_input.
Result<> check_quiescing_hook(const World& world, const api::RestoreSession& session);

/// One step towards still pods; true once all that use the claims are, and that is written down.
/// Errors: invalid_input (a pod could not be held still: nothing is written to its claim).
Result<bool> hold_application(World& world, RestoreWork& work, const Wake& wake,
                              std::stop_token stop);

/// Errors: invalid_input (a pod was let go, and data is still being written).
Result<> check_still_held(const World& world, const RestoreWork& work);

/// Lets the pods go once no mover can write to their claims any more; true when it is undone. What
/// could not be undone is a warning.
Result<bool> let_application_go(World& world, RestoreWork& work, const Wake& wake,
                                std::stop_token stop);

}  // namespace dmaas::controller
