#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_document.hpp"
#include "api/restore_report.hpp"
#include "api/restore_session.hpp"
#include "applications/resource_files.hpp"
#include "applications/restore_plan.hpp"
#include "base/result.hpp"

namespace dmaas::applications {

/// What becomes of the dumps of a backup.
struct DumpPlan {
  /// To be played back. Where the plan restores a workload whose pods a dump belongs to, the dump's
  /// target is that workload as it is called here; else the target finds pods as the backup did.
  std::vector<api::PlannedDump> dumps{};
  std::vector<api::RestoreProblem> left_out{};  // skipped, with reasons
  std::vector<std::string> warnings{};          // how to restore by hand what has no command
};

/// Decides by the documents alone; whether the application is there already is not known here.
/// Errors: those of the files; corrupt (the plan within backup.json).
Result<DumpPlan> plan_dumps(const api::BackupDocument& document, const api::RestoreSelection& what,
                            const RestorePlan& plan, const ResourceFiles& files,
                            std::stop_token stop);

}  // namespace dmaas::applications
