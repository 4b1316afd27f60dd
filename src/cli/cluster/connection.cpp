#include "cli/cluster/connection.hpp"

#include <fmt/format.h>

#include "api/object.hpp"
#include "kube/client/cluster_access.hpp"
#include "kube/client/in_cluster.hpp"

namespace dmaas::cli {
namespace {

std::string describe_cluster(const kube::ClusterAccess& access) {
  if (access.source.empty()) return access.server + " (account of this pod)";
  return fmt::format("{} (context {} of {})", access.server, access.context, access.source);
}

/// Looks for the cause of an error behind it; costs a request or two, which only failed commands
/// pay.
Error explain(Error error, const Connection& connection, const std::stop_token& stop) {
  bool may_be_connection = error.code() == ErrorCode::unavailable ||
                           error.code() == ErrorCode::timeout ||
                           error.code() == ErrorCode::permission_denied;
  if (may_be_connection && !connection.client->server_version(stop)) {
    return std::move(error).context("cluster " + connection.cluster + " does not answer");
  }
  if (error.code() != ErrorCode::not_found) return error;
  auto discovery = connection.client->discover(stop);
  if (!discovery || discovery->serves_group(api::group_name)) return error;
  return {ErrorCode::not_found, fmt::format("DMaaS is not in cluster {}: install it with 'dmaas "
                                            "install'",
                                            connection.cluster)};
}

}  // namespace

void add_cluster_flags(CLI::App& command, ClusterFlags& flags) {
  command
      .add_option("--kubeconfig", flags.kubeconfig,
                  "Kubeconfig file (default: KUBECONFIG, in a pod its account, ~/.kube/config)")
      ->type_name("FILE");
  command.add_option("--context", flags.context, "Context of the kubeconfig")->type_name("CONTEXT");
  command.add_option("-n,--namespace", flags.namespace_name, "Namespace (default: the context's)")
      ->type_name("NAMESPACE");
}

Result<Connection> connect(const ClusterFlags& flags) {
  kube::KubeconfigOptions options{.path = flags.kubeconfig,
                                  .context = flags.context,
                                  .namespace_name = flags.namespace_name,
                                  .environment = kube::process_environment()};
  auto access = TRY(kube::load_cluster_access(options, system_clock()));
  Connection connection;
  connection.namespace_name = access.namespace_name.empty() ? "default" : access.namespace_name;
  connection.cluster = describe_cluster(access);
  connection.client = TRY(kube::open_client(access, system_clock()));
  return connection;
}

Result<ExitCode> on_cluster(const ClusterFlags& flags, std::stop_token stop,
                            const std::function<Result<ExitCode>(const Connection&)>& act) {
  auto connection = TRY(connect(flags));
  auto result = act(connection);
  if (result || result.code() == ErrorCode::cancelled) return result;
  return fail(explain(std::move(result).error(), connection, stop));
}

}  // namespace dmaas::cli
