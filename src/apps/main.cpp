#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "base/log.hpp"
#include "certificates/ensure_certificates.hpp"
#include "cli/program.hpp"
#include "controller/controller.hpp"
#include "gateway/gateway.hpp"
#include "kube/client/cluster_access.hpp"
#include "kube/client/in_cluster.hpp"
#include "mover/bundle.hpp"
#include "mover/mover.hpp"
#include "mover/probe.hpp"

namespace dmaas {
namespace {

using cli::Role;
using cli::RoleArguments;
using cli::RoleOption;

const std::string& value_of(const RoleArguments& arguments, const std::string& name) {
  static const std::string none;
  auto found = arguments.find(name);
  return found == arguments.end() || found->second.empty() ? none : found->second.front();
}

/// Errors: invalid_input, naming the flag.
Result<std::int32_t> count_of(const RoleArguments& arguments, const std::string& name) {
  const auto& text = value_of(arguments, name);
  std::int32_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc{} && end == text.data() + text.size() && count >= 0) return count;
  return fail(ErrorCode::invalid_input, "--" + name + " must be a number, not '" + text + "'");
}

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

Result<std::unique_ptr<kube::Client>> cluster_client() {
  auto access =
      TRY(kube::load_cluster_access({.environment = kube::process_environment()}, system_clock()));
  return kube::open_client(access, system_clock());
}

/// For roles that hold keys or tokens: what lies in their memory must not end in a file of the node
/// when they crash.
void leave_no_core_dump() {
  ::prctl(PR_SET_DUMPABLE, 0);
}

Result<> run_controller(const RoleArguments& arguments, std::stop_token stop) {
  configure_log(LogFormat::json, LogLevel::info);
  leave_no_core_dump();
  controller::Settings settings;
  settings.namespace_name = value_of(arguments, "namespace");
  settings.cluster_name = value_of(arguments, "cluster-name");
  settings.image = value_of(arguments, "image");
  settings.image_pull_policy = value_of(arguments, "image-pull-policy");
  settings.max_movers = TRY(count_of(arguments, "max-movers"));
  settings.max_movers_per_node = TRY(count_of(arguments, "max-movers-per-node"));
  settings.pod_name = host_name();
  auto client = TRY(cluster_client());
  return controller::run_controller(*client, settings, system_clock(), std::move(stop));
}

Result<> run_gateway(const RoleArguments& arguments, std::stop_token stop) {
  configure_log(LogFormat::json, LogLevel::info);
  leave_no_core_dump();
  gateway::GatewayOptions options;
  options.namespace_name = value_of(arguments, "namespace");
  options.tls = {"/etc/dmaas/tls/tls.crt", "/etc/dmaas/tls/tls.key"};
  options.cache_directory = value_of(arguments, "cache-directory");
  auto client = TRY(cluster_client());
  return gateway::run_gateway(options, {.clock = system_clock(), .client = client.get()},
                              std::move(stop));
}

Result<> run_mover(const RoleArguments& arguments, std::stop_token stop) {
  configure_log(LogFormat::json, LogLevel::info);
  leave_no_core_dump();
  const char* authority = std::getenv("DMAAS_CA");
  mover::MoverOptions options{.controller_url = value_of(arguments, "controller"),
                              .token_directory = value_of(arguments, "token-directory"),
                              .ca_certificate = authority == nullptr ? "" : authority};
  return mover::run_mover(options, system_clock(), std::move(stop));
}

Result<> run_certificates(const RoleArguments& arguments, std::stop_token stop) {
  configure_log(LogFormat::json, LogLevel::info);
  leave_no_core_dump();
  auto client = TRY(cluster_client());
  return certificates::ensure_certificates(*client, value_of(arguments, "namespace"),
                                           system_clock(), std::move(stop));
}

std::vector<Role> roles() {
  RoleOption system_namespace{"namespace", "Namespace of the installation", "dmaas-system"};
  std::vector<RoleOption> mover_options{
      {"controller", "URL of the controller", "", RoleOption::Need::required},
      {"token-directory", "Directory with the pod's tokens", "/var/run/secrets/dmaas"}};
  return {{"controller",
           "Reconciles the custom resources of a cluster",
           {system_namespace,
            {"cluster-name", "First segment of repository paths", "cluster"},
            {"image", "Image of movers", "", RoleOption::Need::required},
            {"image-pull-policy", "How that image is pulled", "IfNotPresent"},
            {"max-movers", "Movers at one time in the cluster; 0: as many as storages bear", "0"},
            {"max-movers-per-node", "Of these, movers of volumes of one node; 0: no limit", "0"}},
           run_controller},
          {"gateway",
           "Object storage for movers",
           {system_namespace,
            {"cache-directory", "Directory for immutable objects", "/var/cache/dmaas"}},
           run_gateway},
          {"certificates",
           "Makes and renews the certificates of controller and gateway",
           {system_namespace},
           run_certificates},
          {"mover", "Moves the data of one component", mover_options, run_mover},
          {"resources", "Captures or applies objects of the API", mover_options, run_mover},
          {"maintain", "Erases expired backups of a repository and checks it", mover_options,
           run_mover},
          {"probe",
           "Tries what can be reached from a scratch namespace",
           {{"order", "What to try, as JSON", "", RoleOption::Need::required},
            {"report-file", "Where the answer goes", "/dev/termination-log"}},
           [](const RoleArguments& arguments, std::stop_token stop) {
             return mover::run_probe(value_of(arguments, "order"),
                                     value_of(arguments, "report-file"), system_clock(),
                                     std::move(stop));
           }},
          {"bundle",
           "Copies the program into a directory from which it runs in any image",
           {{"target", "The directory", "/dmaas"}},
           [](const RoleArguments& arguments, std::stop_token) {
             return mover::write_bundle(value_of(arguments, "target"));
           }}};
}

}  // namespace
}  // namespace dmaas

int main(int argument_count, char** arguments) {
  // Else glibc raises it to the size of a pack, and memory of packs and blobs stays with the heaps
  // of the threads that happened to free it.
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
  return dmaas::cli::run_program(argument_count, arguments, dmaas::roles());
}
