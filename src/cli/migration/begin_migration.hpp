#pragma once

#include <stop_token>
#include <string>

#include "cli/cluster/restore_flags.hpp"
#include "cli/migration/migrate.hpp"

namespace dmaas::cli {

/// Where a migration goes to, as a person says it.
struct MigrationWish {
  RestoreFlags destination{};  // classes, sizes, replicas; the repository there
  std::string to_namespace{};
  bool is_other_cluster = false;
};

/// Makes the Standby at the destination and writes the record on the plan. Repeating goes on where
/// an earlier call was ended. Errors: invalid_input (the plan migrates already, has dumps or
/// several namespaces), not_found (the repository is not known at the destination; the message says
/// how to make it known), already_exists (another standby has the name).
Result<> begin_migration(const MigrationSides& sides, const MigrationWish& wish,
                         MigrationRecord record, std::stop_token stop);

}  // namespace dmaas::cli
