#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
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
  /// What hooks of an earlier stage did. Their pods come first and need not be ready any more: that
  /// they are held still may be why, and what was begun in them has to be ended in them.
  std::vector<api::HookResult> earlier{};
  /// Every one of these, whatever a hook says of pods. Absent: the ready pods of the targets.
  std::optional<std::vector<kube::ObjectKey>> pods{};
};

struct HooksOutcome {
  std::vector<api::HookResult> results{};
  /// Why the session has to fail; "" when it goes on.
  std::string abort_message{};
};

/// Runs hooks one after the other in pods of the application, as the occasion's account. A
/// hook that fails and says `abort` ends the row. Pods that a hook quiesces are held by
/// `world.quiescence`. Blocks as long as the hooks take, each at most its timeout, and as long
/// again when the API server goes away meanwhile or pods are there and none is ready; a command may
/// then run twice.
HooksOutcome run_hooks(World& world, const std::vector<api::ResolvedHook>& hooks,
                       const HookOccasion& occasion, std::stop_token stop);

/// Whether hooks of a stage have run.
bool ran_hooks(const std::vector<api::HookResult>& results, std::string_view stage);
/// How many pods hooks held still.
std::size_t count_quiesced(const std::vector<api::HookResult>& results);
/// Whether pods are held still that nobody has let go yet.
bool owes_undo(const std::vector<api::HookResult>& results);
/// Lets go whatever is held still for a session. What became of every pod that `results` tell of,
/// with stage "undo": a hold that this controller does not have ended with the one that had it.
/// Blocks until `undo` has run everywhere, each at most as long as its hook allows.
std::vector<api::HookResult> undo_hooks(World& world, const std::string& session_uid,
                                        const std::vector<api::HookResult>& results,
                                        std::stop_token stop);

Json encode_outcome(const HooksOutcome& outcome);
HooksOutcome decode_outcome(const Json& json);

}  // namespace dmaas::controller
