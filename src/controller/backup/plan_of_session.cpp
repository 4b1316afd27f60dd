#include "controller/backup/plan_of_session.hpp"

namespace dmaas::controller {

Result<api::BackupConfiguration> plan_of_session(const api::BackupSession& session,
                                                 api::BackupConfiguration plan) {
  const auto& begun_with = session.status.plan_spec;
  if (!begun_with.empty())
    plan.spec = TRY(from_json<api::BackupConfigurationSpec>(Json(begun_with)));
  if (session.spec.application_stopped) {
    for (auto& run : plan.spec.runs) run.hooks = {};
  }
  return plan;
}

}  // namespace dmaas::controller
