// dmaas protect
#include <fmt/format.h>

#include <memory>

#include "api/backup_configuration.hpp"
#include "api/backup_policy.hpp"
#include "api/backup_storage.hpp"
#include "api/labels.hpp"
#include "api/retention_policy.hpp"
#include "api/validate.hpp"
#include "applications/policy/expand_template.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct ProtectFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
  std::string target;  // kind/name, or "all"
  std::string name;
  std::string storage;  // [namespace/]name
  std::string schedule;
  std::string time_zone;
  std::string interval;
  std::string jitter;
  std::string start_deadline;
  std::int32_t retries = 0;
  bool now = false;
  std::string retention;  // RetentionPolicy
  std::string policy;     // BackupPolicy
  std::int32_t full_every = 0;
  std::vector<std::string> before;  // HookTemplates, [namespace/]name
  bool dry_run = false;
};

Result<api::BackupTarget> parse_target(const std::string& text, const std::string& namespace_name) {
  api::BackupTarget target;
  auto slash = text.find('/');
  if (text == "all") {
    target.all_objects = true;
    target.name = namespace_name;
  } else if (slash != std::string::npos) {
    target.workload =
        api::ObjectReference{.kind = text.substr(0, slash), .name = text.substr(slash + 1)};
    target.name = target.workload->name;
  } else {
    return fail(ErrorCode::invalid_input,
                "give what to protect as Kind/name, such as StatefulSet/mariadb, or all");
  }
  return target;
}

Result<api::BackupRun> run_of(const ProtectFlags& flags) {
  api::BackupRun run{.name = "backup",
                     .schedule = flags.schedule,
                     .time_zone = flags.time_zone,
                     .retries = flags.retries,
                     .full_every = flags.full_every};
  if (!flags.interval.empty())
    run.interval = TRY(parse_duration(flags.interval).context("--interval"));
  if (!flags.jitter.empty()) run.jitter = TRY(parse_duration(flags.jitter).context("--jitter"));
  if (!flags.start_deadline.empty())
    run.start_deadline = TRY(parse_duration(flags.start_deadline).context("--start-deadline"));
  if (flags.now) run.first_run = api::FirstRun::at_once;
  for (const auto& hook : flags.before) {
    auto reference = parse_reference(hook);
    run.hooks.before.push_back({.name = reference.name, .template_reference = reference});
  }
  return run;
}

/// What the policy's template says, unless flags say otherwise; the first storage that it lists
/// when the template names none.
Result<> follow_policy(const Connection& connection, const ProtectFlags& flags,
                       api::BackupConfigurationSpec& plan, std::stop_token stop) {
  auto policy =
      TRY(load_or_list<api::BackupPolicy>(*connection.client, {"", flags.policy}, std::move(stop)));
  plan.policy = api::LocalReference{flags.policy};
  const std::string system{api::default_system_namespace};
  api::PlanTemplate expanded;
  if (policy.spec.plan_template) {
    expanded = TRY(
        applications::expand_template(*policy.spec.plan_template, policy.spec.variables, system));
  }
  bool is_free = flags.schedule.empty() && flags.interval.empty() && flags.full_every == 0 &&
                 flags.before.empty();
  if (is_free && !expanded.runs.empty()) plan.runs = expanded.runs;
  if (flags.retention.empty()) plan.retention_policy = expanded.retention_policy;
  if (!flags.storage.empty()) return {};
  plan.storages = expanded.storages;
  const auto& listed = policy.spec.allowed.storages;
  if (plan.storages.empty() && !listed.empty())
    plan.storages = {
        {.storage = reference_to(listed.front().key(system), connection.namespace_name)}};
  return {};
}

Result<ExitCode> run_protect(const Connection& connection, const ProtectFlags& flags,
                             std::stop_token stop) {
  auto& client = *connection.client;
  api::BackupConfiguration plan;
  plan.metadata.namespace_name = connection.namespace_name;
  auto target = TRY(parse_target(flags.target, connection.namespace_name));
  plan.metadata.name = flags.name.empty() ? target.name : flags.name;
  plan.spec.targets = {std::move(target)};
  plan.spec.runs = {TRY(run_of(flags))};
  TRY(api::validate(plan.spec, {.namespace_name = connection.namespace_name}));
  const std::vector<std::string> places{connection.namespace_name,
                                        std::string(api::default_system_namespace)};
  if (!flags.retention.empty()) {
    auto key = TRY(find_reference(client, api::kind_info<api::RetentionPolicy>(), flags.retention,
                                  places, stop));
    plan.spec.retention_policy = reference_to(key, connection.namespace_name);
  }
  if (!flags.storage.empty()) {
    auto key = TRY(
        find_reference(client, api::kind_info<api::BackupStorage>(), flags.storage, places, stop));
    plan.spec.storages = {{.storage = reference_to(key, connection.namespace_name)}};
  }
  if (!flags.policy.empty()) TRY(follow_policy(connection, flags, plan.spec, stop));
  auto dry_run = flags.dry_run ? kube::DryRun::yes : kube::DryRun::no;
  auto made = TRY(create(client, plan, dry_run, stop));
  if (is_document(flags.format)) {
    print(format_object(made, flags.format));
  } else if (flags.dry_run) {
    print(format_object(api::encode(plan), OutputFormat::yaml));
  } else {
    print_line(fmt::format("plan {} protects {}. Next: dmaas backup {} -n {}",
                           plan.metadata.key().text(), flags.target, plan.metadata.name,
                           plan.metadata.namespace_name));
  }
  return ExitCode::success;
}

void add_time_flags(CLI::App& command, ProtectFlags& flags) {
  auto* schedule =
      command.add_option("--schedule", flags.schedule, "Cron expression, such as '0 3 * * *'")
          ->type_name("CRON");
  command
      .add_option("--time-zone", flags.time_zone,
                  "Time zone of the schedule, such as Europe/Berlin (default: UTC)")
      ->needs(schedule)
      ->type_name("ZONE");
  command
      .add_option("--interval", flags.interval,
                  "Instead of a schedule: from one backup to the next, such as 1h; the first one "
                  "is at once")
      ->excludes(schedule)
      ->type_name("DURATION");
  command.add_flag("--now", flags.now, "Take the first backup at once, then by the schedule");
  command
      .add_option("--jitter", flags.jitter,
                  "Start each backup later by up to this, such as 10m, when many plans have one "
                  "schedule")
      ->type_name("DURATION");
  command
      .add_option("--start-deadline", flags.start_deadline,
                  "Skip a backup that could not start for so long (default: the newest one that "
                  "was missed is made up)")
      ->type_name("DURATION");
  command
      .add_option("--retries", flags.retries,
                  "So often a failed backup is tried again, after 1m, 2m, 4m ... (default: 0)")
      ->type_name("COUNT");
}

}  // namespace

void add_protect_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<ProtectFlags>();
  auto* command = app.add_subcommand("protect", "Write a plan for an application");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command
      ->add_option("target", flags->target,
                   "Kind/name, such as StatefulSet/mariadb; or all: everything in the namespace")
      ->required()
      ->type_name("TARGET");
  command->add_option("--name", flags->name, "Name of the plan (default: the target's)")
      ->type_name("NAME");
  command
      ->add_option("--storage", flags->storage,
                   "Storage: [namespace/]name, without namespace that of the plan or dmaas-system "
                   "(default: the default storage)")
      ->type_name("STORAGE");
  add_time_flags(*command, *flags);
  command
      ->add_option("--full-every", flags->full_every,
                   "So many backups from one full to the next (default: only the first is full)")
      ->type_name("COUNT");
  command
      ->add_option(
          "--retention", flags->retention,
          "RetentionPolicy that says which backups are kept: [namespace/]name (default: all)")
      ->type_name("RETENTION");
  command
      ->add_option("--policy", flags->policy,
                   "BackupPolicy whose bounds the plan keeps; its template says what flags do not")
      ->type_name("POLICY");
  command
      ->add_option("--before", flags->before,
                   "HookTemplate that runs before data is read, such as one that quiesces a "
                   "database: [namespace/]name (repeatable)")
      ->type_name("HOOK");
  command->add_flag("--dry-run", flags->dry_run, "Only try it and print the plan");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_protect(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
