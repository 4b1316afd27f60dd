#include "cli/cluster/connection.hpp"

#include "kube/client/cluster_access.hpp"
#include "kube/client/kubeconfig.hpp"

namespace dmaas::cli {

void add_cluster_flags(CLI::App& command, ClusterFlags& flags) {
  command.add_option("--kubeconfig", flags.kubeconfig,
                     "Kubeconfig file (default: KUBECONFIG, ~/.kube/config)");
  command.add_option("--context", flags.context, "Context of the kubeconfig");
  command.add_option("-n,--namespace", flags.namespace_name, "Namespace");
}

void add_output_flag(CLI::App& command, ClusterFlags& flags) {
  command.add_option("-o,--output", flags.output, "json or yaml; else a table")
      ->check(CLI::IsMember({"json", "yaml"}));
}

Result<Connection> connect(const ClusterFlags& flags) {
  kube::KubeconfigOptions options{.path = flags.kubeconfig,
                                  .context = flags.context,
                                  .namespace_name = flags.namespace_name,
                                  .environment = kube::process_environment()};
  auto access = TRY(kube::load_kubeconfig(options, system_clock()));
  Connection connection;
  connection.namespace_name = access.namespace_name.empty() ? "default" : access.namespace_name;
  connection.client = TRY(kube::open_client(access, system_clock()));
  return connection;
}

}  // namespace dmaas::cli
