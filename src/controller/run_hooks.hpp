#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_session.hpp"
#include "api/backup_target.hpp"
#include "api/hooks.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// What hooks are run for.
struct HookOccasion {
  std::string session_uid{};
  std::string stage{};           // "before", "after"
  std::string namespace_name{};  // of plan or session
  kube::Account account{};       // that commands run as
  std::vector<api::BackupTarget> targets{};
};

struct HooksOutcome {
  std::vector<api::HookResult> results{};
  /// Why the session has to fail; "" when it goes on.
  std::string abort_message{};
};

/// Runs hooks one after the other in ready pods of the application, as the occasion's account. A
/// hook that fails and says `abort` ends the row. Pods that a hook quiesces are held by
/// `world.quiescence`. Blocks as long as the hooks take, each at most its timeout, and as long
/// again when the API server goes away meanwhile or pods are there and none is ready; a command may
/// then run twice.
HooksOutcome run_hooks(World& world, const std::vector<api::ResolvedHook>& hooks,
                       const HookOccasion& occasion, std::stop_token stop);

Json encode_outcome(const HooksOutcome& outcome);
HooksOutcome decode_outcome(const Json& json);

}  // namespace dmaas::controller
