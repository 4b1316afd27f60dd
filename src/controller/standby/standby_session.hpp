#pragma once

#include <vector>

#include "api/restore_session.hpp"
#include "api/snapshot.hpp"
#include "api/standby.hpp"

namespace dmaas::controller {

/// The RestoreSession that a standby starts next for `task`; everything that a standby does to its
/// destination is done by one. `newest` is what it is about: an activation asks for the newest once
/// more, unless the application has written here and that is kept. Pure.
api::RestoreSession standby_session(const api::Standby& standby, api::StandbyTask task,
                                    const api::Snapshot* newest);

/// The claims of a backup, by their names in it.
std::vector<std::string> volumes_of(const api::Snapshot& backup);

}  // namespace dmaas::controller
