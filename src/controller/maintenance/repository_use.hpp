#pragma once

#include <string>
#include <vector>

#include "controller/world.hpp"

namespace dmaas::controller {

/// Sessions that work on the repository at `place` now, as "BackupSession shop/daily-1"; those that
/// wait for their turn do not. From the local copies, so that it holds for sessions of an earlier
/// process too.
std::vector<std::string> sessions_using(const World& world, const RepositoryPlace& place);

/// Why a session must not begin on the repository at `place`; "" when it may.
std::string maintenance_in_the_way(const World& world, const RepositoryPlace& place);

}  // namespace dmaas::controller
