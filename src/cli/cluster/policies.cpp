// dmaas policies
#include <fmt/format.h>

#include <memory>

#include "api/labels.hpp"
#include "applications/policy/open_policies.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/output.hpp"
#include "cli/cluster/readable_policies.hpp"
#include "cli/describe/describe.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct PoliciesFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
  std::string target;  // KIND/NAME
};

/// Those that are open to the workload, or to anything in the namespace. Silent ones are nobody's
/// choice.
Result<std::vector<api::BackupPolicy>> load_open(const Connection& connection,
                                                 const PoliciesFlags& flags, std::stop_token stop) {
  auto& client = *connection.client;
  const auto& here = connection.namespace_name;
  auto policies = TRY(load_readable_policies(client, here, stop));
  auto space = TRY(find_policy_namespace(client, here, stop));
  std::optional<applications::PolicyTarget> target;
  if (!flags.target.empty()) {
    auto slash = flags.target.find('/');
    if (slash == std::string::npos) {
      return fail(ErrorCode::invalid_input,
                  "--for is Kind/name, such as StatefulSet/mariadb, not '" + flags.target + "'");
    }
    target = TRY(find_policy_target(client, flags.target.substr(0, slash),
                                    {here, flags.target.substr(slash + 1)}, stop));
  }
  const std::string system{api::default_system_namespace};
  std::erase_if(policies, [&](const api::BackupPolicy& policy) {
    const auto& scope = policy.spec.open_to;
    bool is_open = target ? applications::is_open_to(scope, *target, space, system)
                          : applications::is_open_to_namespace(scope, space, system);
    return !is_open || policy.spec.enforcement == api::Enforcement::silent;
  });
  return policies;
}

std::string how_to_choose(const api::BackupPolicy& policy, const std::string& target) {
  const auto& name = policy.metadata.name;
  if (policy.spec.is_imposed()) return "it protects by itself, and cannot be left";
  auto what = target.empty() ? "KIND/NAME" : target;
  auto command = fmt::format("dmaas protect {} --policy {}", what, name);
  if (!policy.spec.plan_template) return command;
  return fmt::format("{}, or annotation {}: {}", command, api::annotation::policy, name);
}

Result<ExitCode> run_policies(const Connection& connection, const PoliciesFlags& flags,
                              std::stop_token stop) {
  auto policies = TRY(load_open(connection, flags, std::move(stop)));
  if (is_document(flags.format)) {
    std::vector<Json> objects;
    for (const auto& policy : policies) objects.push_back(policy.source);
    print(format_objects(objects, flags.format));
    return ExitCode::success;
  }
  if (policies.empty()) {
    print_note("no policy is open to " +
               (flags.target.empty() ? "namespace " + connection.namespace_name : flags.target));
  }
  std::string separator;
  for (const auto& policy : policies) {
    Story story(system_clock().now());
    story.fact("Policy", policy.metadata.name);
    story.fact("To choose it", how_to_choose(policy, flags.target));
    tell_offer(story, policy.spec);
    print(separator + story.text());
    separator = "\n";
  }
  return ExitCode::success;
}

}  // namespace

void add_policies_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<PoliciesFlags>();
  auto* command = app.add_subcommand(
      "policies", "Show which policies are open to you, with what each of them does");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command
      ->add_option("--for", flags->target,
                   "Only those for this workload, there or not yet: Kind/name, such as "
                   "StatefulSet/mariadb")
      ->type_name("TARGET");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_policies(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
