#pragma once

#include <chrono>
#include <string>

#include "api/backup_configuration.hpp"

namespace dmaas::controller {

/// What of a plan a discovery depends on, as text to compare: an edit of anything else, which is
/// when runs start and whether any do, needs no other one. Pure.
std::string discovered_parts(const api::BackupConfigurationSpec& plan);

/// How long a discovery counts: between three quarters of an hour and an hour, always the same for
/// a plan, so that plans that were made together do not all look in the minute in which their runs
/// are due. Pure.
std::chrono::seconds discovery_period_of(const std::string& plan_uid);

}  // namespace dmaas::controller
