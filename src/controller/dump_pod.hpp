#pragma once

#include <stop_token>
#include <string>

#include "api/backup_target.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// The pod of the application in whose image a dump is made or played back: the first ready one of
/// the target by name. Errors: unavailable (none is ready), invalid_input (it has no such
/// container), and those of finding the target's pods.
Result<Json> find_dump_pod(World& world, const api::BackupTarget& target,
                           const std::string& plan_namespace, const api::LogicalDump& dump,
                           std::stop_token stop);

}  // namespace dmaas::controller
