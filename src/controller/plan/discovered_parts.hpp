#pragma once

#include <string>

#include "api/backup_configuration.hpp"

namespace dmaas::controller {

/// What of a plan a discovery depends on, as text to compare: an edit of anything else, which is
/// when runs start and whether any do, needs no other one. Pure.
std::string discovered_parts(const api::BackupConfigurationSpec& plan);

}  // namespace dmaas::controller
