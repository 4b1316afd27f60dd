#pragma once

#include <string>
#include <vector>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "api/hooks.hpp"
#include "applications/application.hpp"

namespace dmaas::controller {

// Whether all that a backup holds is of one moment. It is when from before the first byte is read
// until after the last one nothing can write: every target whose data is read is held still by
// hooks, has no pod that uses its volumes, or the only data is one dump, which is of one moment by
// itself. All here is pure.

/// What is known before anything runs.
struct Stillness {
  std::vector<std::string> moving{};  // targets that nothing holds still, each with why
  bool is_group = false;              // the data of more than one target is read
};
/// `targets` are those of the run, `application` is what belongs to them, `before` are the run's
/// hooks before.
Stillness judge_stillness(const std::vector<api::BackupTarget>& targets,
                          const applications::Application& application,
                          const std::vector<api::ResolvedHook>& before);

/// "not of one point in time: target db ..."; "" when nothing moves.
std::string describe_moving(const Stillness& stillness);

/// What the hooks before have held, once they have run: "" when every pod that uses a volume is
/// held still, else which is not.
std::string find_moving_pod(const applications::Application& application,
                            const std::vector<api::ResolvedHook>& before,
                            const std::vector<api::HookResult>& results);

}  // namespace dmaas::controller
