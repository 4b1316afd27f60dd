#pragma once

#include <string>
#include <vector>

#include "api/retention_policy.hpp"
#include "base/clock.hpp"

namespace dmaas::applications {

/// A complete backup, as retention sees it.
struct RetainedBackup {
  std::string name{};
  Timestamp time{};
  /// What keeps it, such as "daily"; empty: nothing does, it has expired.
  std::vector<std::string> kept_by{};
};

/// Says of each backup of one plan what keeps it; newest first. Each backup can be restored alone,
/// so they may go in any order. One that is later than `now`, because clocks were set back, is kept
/// and takes no other's place. Pure. Errors: invalid_input (the policy's time zone).
Result<std::vector<RetainedBackup>> choose_kept(std::vector<RetainedBackup> backups,
                                                const api::RetentionPolicySpec& policy,
                                                Timestamp now);

}  // namespace dmaas::applications
