#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/command.hpp"
#include "kube/client/client.hpp"

namespace dmaas::cli {

/// Flags of every command that talks to a cluster; kubectl's names and rules.
struct ClusterFlags {
  std::string kubeconfig;
  std::string context;
  std::string namespace_name;
};
void add_cluster_flags(CLI::App& command, ClusterFlags& flags);

struct Connection {
  std::unique_ptr<kube::Client> client;
  std::string namespace_name;  // of the flag, else of the context, else "default"
  std::string cluster;         // "https://host:port (context east of ~/.kube/config)"
};
Result<Connection> connect(const ClusterFlags& flags);

/// Connects by kubectl's rules (--kubeconfig, KUBECONFIG, in a pod its account, ~/.kube/config) and
/// runs `act`. When the cause of an error is that the cluster does not answer, or that the product
/// is not in it, the message says so.
Result<ExitCode> on_cluster(const ClusterFlags& flags, std::stop_token stop,
                            const std::function<Result<ExitCode>(const Connection&)>& act);

}  // namespace dmaas::cli
