#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "kube/client/cluster_access.hpp"

namespace dmaas::kube {

/// A program that prints credentials, as kubeconfigs name it (client.authentication.k8s.io/v1 and
/// v1beta1).
struct ExecPlugin {
  std::string api_version{};
  std::string command{};  // with '/': a path, otherwise looked up in PATH
  std::vector<std::string> arguments{};
  std::map<std::string, std::string> environment{};  // all of it
  std::string install_hint{};
  enum class Interaction { never, if_available, always } interaction = Interaction::if_available;
  Json cluster{};  // for KUBERNETES_EXEC_INFO; null: the plugin did not ask for it
  std::chrono::nanoseconds timeout = std::chrono::minutes{2};
};

/// What a plugin printed, and until when it is good.
struct PluginCredential {
  Identity identity{};
  std::optional<Timestamp> expires{};
};
/// Errors: invalid_input (not an ExecCredential of the right version, or without credential).
Result<PluginCredential> parse_exec_credential(std::string_view output,
                                               const std::string& api_version);

/// Runs the plugin when there is no credential, it expires within 10 s, or was refused. At most 1
/// MiB of its output is read. `clock` must outlive the source. Errors of `current`: not_found (no
/// such program: with the install hint), permission_denied (it failed), timeout, invalid_input (its
/// output).
std::shared_ptr<IdentitySource> plugin_identity(ExecPlugin plugin, Clock& clock);

}  // namespace dmaas::kube
