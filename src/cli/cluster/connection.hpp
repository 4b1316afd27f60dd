#pragma once

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
  std::string output;  // "", "json", "yaml"
};
void add_cluster_flags(CLI::App& command, ClusterFlags& flags);
void add_output_flag(CLI::App& command, ClusterFlags& flags);

struct Connection {
  std::unique_ptr<kube::Client> client;
  std::string namespace_name;  // of the flag, else of the context, else "default"
};
Result<Connection> connect(const ClusterFlags& flags);

}  // namespace dmaas::cli
