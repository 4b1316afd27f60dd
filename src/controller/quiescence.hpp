#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_session.hpp"
#include "api/hooks.hpp"
#include "base/clock.hpp"
#include "kube/client/client.hpp"

namespace dmaas::controller {

class Hold;

/// Applications that are held still while their data is read. Each hold is one process in a pod of
/// the application, which lets go by itself when the connection to it ends or its time is over
/// (quiescing_command.hpp): whatever happens here, nothing stays still for ever. Thread-safe; the
/// destructor lets everything go.
class Quiescence {
public:
  explicit Quiescence(Clock& clock);
  ~Quiescence();

  /// Runs the command of a quiescing hook in a pod and returns once the application is still.
  /// `client` acts for the account that may do so. Errors: timeout (it took longer than the hook
  /// allows), invalid_input (it failed; what it said), those of exec.
  Result<> hold(const std::string& session_uid, std::unique_ptr<kube::Client> client,
                const api::ResolvedHook& hook, const Json& pod, std::stop_token stop);

  /// How many pods are still, of those held for a session.
  std::size_t count_held(const std::string& session_uid) const;

  /// Whether a session holds this pod still.
  bool holds(const std::string& session_uid, const std::string& pod_uid) const;

  /// Lets go whatever is held for a session and waits until `undo` has run everywhere, each at most
  /// as long as its hook allows. What came of it, with stage "undo".
  std::vector<api::HookResult> release(const std::string& session_uid, std::stop_token stop);

  /// Lets go without waiting.
  void drop(const std::string& session_uid);

private:
  std::vector<std::unique_ptr<Hold>> take(const std::string& session_uid);

  Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::unique_ptr<Hold>>> holds_;  // by session uid
};

}  // namespace dmaas::controller
