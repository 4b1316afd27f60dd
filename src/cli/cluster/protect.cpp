// dmaas protect
#include <fmt/format.h>

#include <memory>

#include "api/backup_configuration.hpp"
#include "base/yaml.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct ProtectFlags {
  ClusterFlags cluster;
  std::string target;  // kind/name, or "all"
  std::string name;
  std::string storage;  // [namespace/]name
  std::string schedule;
  std::vector<std::string> before;  // HookTemplates, [namespace/]name
  bool dry_run = false;
};

api::BackupRun run_of(const ProtectFlags& flags) {
  api::BackupRun run{.name = "backup", .schedule = flags.schedule};
  for (const auto& hook : flags.before) {
    auto reference = reference_of(hook);
    run.hooks.before.push_back({.name = reference.name, .template_reference = reference});
  }
  return run;
}

Result<ExitCode> run_protect(const ProtectFlags& flags, std::stop_token stop) {
  auto connection = TRY(connect(flags.cluster));
  api::BackupConfiguration plan;
  plan.metadata.namespace_name = connection.namespace_name;
  api::BackupTarget target;
  auto slash = flags.target.find('/');
  if (flags.target == "all") {
    target.all_objects = true;
    target.name = connection.namespace_name;
  } else if (slash != std::string::npos) {
    auto discovery = TRY(connection.client->discover(stop));
    target.workload = api::ObjectReference{.kind = flags.target.substr(0, slash),
                                           .name = flags.target.substr(slash + 1)};
    target.name = target.workload->name;
  } else {
    return fail(ErrorCode::invalid_input,
                "give what to protect as Kind/name, such as StatefulSet/mariadb, or all");
  }
  plan.metadata.name = flags.name.empty() ? target.name : flags.name;
  plan.spec.targets = {target};
  plan.spec.runs = {run_of(flags)};
  if (!flags.storage.empty()) plan.spec.storages = {{.storage = reference_of(flags.storage)}};
  if (flags.dry_run) {
    print(to_yaml(api::encode(plan)));
    return ExitCode::success;
  }
  TRY(create(*connection.client, plan, stop));
  print_line(fmt::format("plan {} protects {}. Next: dmaas backup {} -n {}",
                         plan.metadata.key().text(), flags.target, plan.metadata.name,
                         plan.metadata.namespace_name));
  return ExitCode::success;
}

}  // namespace

void add_protect_command(CLI::App& app, CommandLine& line) {
  auto protect = std::make_shared<ProtectFlags>();
  auto* command = app.add_subcommand("protect", "Write a plan for an application");
  add_cluster_flags(*command, protect->cluster);
  command
      ->add_option("target", protect->target,
                   "Kind/name, such as StatefulSet/mariadb; or all: everything in the namespace")
      ->required();
  command->add_option("--name", protect->name, "Name of the plan (default: the target's)");
  command->add_option("--storage", protect->storage,
                      "Storage: [namespace/]name (default: the default storage)");
  command->add_option("--schedule", protect->schedule, "Cron expression, such as '0 3 * * *'");
  command->add_option("--before", protect->before,
                      "HookTemplate that runs before data is read, such as one that quiesces a "
                      "database: [namespace/]name (repeatable)");
  command->add_flag("--dry-run", protect->dry_run, "Only print the plan");
  command->callback([&line, protect] {
    line.chosen = [protect](std::stop_token stop) { return run_protect(*protect, stop); };
  });
}

}  // namespace dmaas::cli
