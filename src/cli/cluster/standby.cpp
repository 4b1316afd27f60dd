// dmaas standby
#include <fmt/format.h>

#include <memory>

#include "api/labels.hpp"
#include "api/repository.hpp"
#include "api/standby.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/events.hpp"
#include "cli/cluster/follow_standby.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/cluster/restore_flags.hpp"
#include "cli/describe/describe.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

const api::KindInfo& standby_kind() {
  return api::kind_info<api::Standby>();
}

struct CreateFlags {
  RestoreFlags restore;  // source and destination
  OutputFormat format = OutputFormat::table;
  std::string name;
  std::string account;
  std::string refresh;
  bool without_data = false;
  bool wait = false;
  bool dry_run = false;
};

struct NameFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
  std::string name;
  bool discard_changes = false;
  bool no_wait = false;
};

Result<api::Standby> standby_for(const Connection& connection, const CreateFlags& flags,
                                 std::stop_token stop) {
  api::Standby standby;
  const auto& chosen = flags.restore.cluster.namespace_name;
  standby.metadata.namespace_name =
      chosen.empty() ? std::string(api::default_system_namespace) : chosen;
  standby.metadata.name = flags.name;
  const auto& own = standby.metadata.namespace_name;
  auto repository = TRY(find_reference(
      *connection.client, api::kind_info<api::Repository>(), flags.restore.repository,
      {own, connection.namespace_name, std::string(api::default_system_namespace)}, stop));
  auto& spec = standby.spec;
  spec.repository = reference_to(repository, own);
  spec.namespace_map = TRY(parse_pairs(flags.restore.namespaces, "--map-namespace"));
  spec.storage_class_map = TRY(parse_pairs(flags.restore.classes, "--map-storage-class"));
  spec.changes = TRY(changes_of(flags.restore));
  spec.service_account_name = flags.account;
  spec.keep_data_in_sync = !flags.without_data;
  if (!flags.refresh.empty())
    spec.refresh_interval = TRY(parse_duration(flags.refresh).context("--refresh"));
  return standby;
}

Result<ExitCode> run_create(const Connection& connection, const CreateFlags& flags,
                            std::stop_token stop) {
  auto& client = *connection.client;
  auto standby = TRY(standby_for(connection, flags, stop));
  auto made =
      TRY(create(client, standby, flags.dry_run ? kube::DryRun::yes : kube::DryRun::no, stop));
  if (is_document(flags.format)) print(format_object(made, flags.format));
  auto key = standby.metadata.key();
  if (!is_document(flags.format))
    print_line(
        fmt::format("standby {} {}", key.text(), flags.dry_run ? "would be created" : "created"));
  if (flags.dry_run || !flags.wait) return ExitCode::success;
  auto synced = TRY(follow_standby(client, key, StandbyGoal::synced, stop));
  print_note(synced.status.message);
  return ExitCode::success;
}

Result<kube::ObjectKey> find_standby(const Connection& connection, const std::string& name,
                                     std::stop_token stop) {
  return find_reference(*connection.client, standby_kind(), name,
                        {connection.namespace_name, std::string(api::default_system_namespace)},
                        std::move(stop));
}

Result<ExitCode> run_status(const Connection& connection, const NameFlags& flags,
                            std::stop_token stop) {
  auto key = TRY(find_standby(connection, flags.name, stop));
  auto object = TRY(connection.client->get(standby_kind().resource(), key, stop));
  if (is_document(flags.format)) {
    print(format_object(object, flags.format));
    return ExitCode::success;
  }
  auto events = events_of(*connection.client, object, stop);
  print(TRY(describe_object(standby_kind(), object, events, system_clock().now())));
  return ExitCode::success;
}

/// Sets what is wanted and follows it.
Result<ExitCode> run_change(const Connection& connection, const NameFlags& flags, Json spec,
                            StandbyGoal goal, std::stop_token stop) {
  auto& client = *connection.client;
  auto key = TRY(find_standby(connection, flags.name, stop));
  Json patch = JsonObject{{"spec", std::move(spec)}};
  auto changed =
      TRY(client.patch(standby_kind().resource(), key, {kube::PatchKind::merge, patch}, {}, stop));
  if (flags.no_wait) {
    if (is_document(flags.format)) print(format_object(changed, flags.format));
    return ExitCode::success;
  }
  auto standby = TRY(follow_standby(client, key, goal, stop));
  if (is_document(flags.format)) {
    print(format_object(standby.source, flags.format));
    return ExitCode::success;
  }
  const auto& status = standby.status;
  print_line(goal == StandbyGoal::active
                 ? fmt::format("{}{}", status.message,
                               status.time_to_activate.empty()
                                   ? ""
                                   : ", ready after " + status.time_to_activate)
                 : fmt::format("standby {} is not active: {}", key.text(), status.message));
  return ExitCode::success;
}

Result<ExitCode> run_delete(const Connection& connection, const NameFlags& flags,
                            std::stop_token stop) {
  auto& client = *connection.client;
  auto key = TRY(find_standby(connection, flags.name, stop));
  TRY(client.remove(standby_kind().resource(), key, {}, stop));
  print_line(
      fmt::format("standby {} is deleted; claims and whatever runs stay as they are", key.text()));
  return ExitCode::success;
}

using RunNamed =
    std::function<Result<ExitCode>(const Connection&, const NameFlags&, std::stop_token)>;

CLI::App* add_named(CLI::App& standby, CommandLine& line, const char* name, const char* text,
                    std::shared_ptr<NameFlags> flags, RunNamed run) {
  auto* command = standby.add_subcommand(name, text);
  add_cluster_flags(*command, flags->cluster);
  command->add_option("standby", flags->name, "The standby: [namespace/]name")
      ->required()
      ->type_name("STANDBY");
  command->callback([&line, flags, run = std::move(run)] {
    line.chosen = [flags, run](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run(connection, *flags, stop);
      });
    };
  });
  return command;
}

void add_create(CLI::App& standby, CommandLine& line) {
  auto flags = std::make_shared<CreateFlags>();
  auto* command = standby.add_subcommand("create", "Follow a repository from here on");
  add_cluster_flags(*command, flags->restore.cluster);
  add_object_output_flag(*command, flags->format);
  command->add_option("name", flags->name, "Name of the standby")->required()->type_name("NAME");
  command
      ->add_option("--repository", flags->restore.repository,
                   "The repository that is followed: [namespace/]name")
      ->required()
      ->type_name("REPOSITORY");
  add_destination_flags(*command, flags->restore);
  command
      ->add_option("--service-account", flags->account,
                   "Account in the standby's namespace that objects are created as")
      ->type_name("NAME");
  command
      ->add_option("--refresh", flags->refresh,
                   "How often to look for backups of another cluster (default: 5m)")
      ->type_name("DURATION");
  command->add_flag("--without-data", flags->without_data,
                    "Only try new backups; their data comes with the activation");
  command->add_flag("--wait", flags->wait, "Until the claims hold the newest backup");
  command->add_flag("--dry-run", flags->dry_run, "Only ask the cluster whether it would be taken");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->restore.cluster, stop, [&](const Connection& connection) {
        return run_create(connection, *flags, stop);
      });
    };
  });
}

void add_activate(CLI::App& standby, CommandLine& line) {
  auto flags = std::make_shared<NameFlags>();
  auto run = [](const Connection& connection, const NameFlags& given, std::stop_token stop) {
    return run_change(connection, given, JsonObject{{"activate", true}}, StandbyGoal::active,
                      std::move(stop));
  };
  auto* command = add_named(standby, line, "activate",
                            "Start the application here, from the newest backup; Ctrl-C leaves it "
                            "at work",
                            flags, run);
  add_object_output_flag(*command, flags->format);
  command->add_flag("--no-wait", flags->no_wait, "Return at once");
}

void add_deactivate(CLI::App& standby, CommandLine& line) {
  auto flags = std::make_shared<NameFlags>();
  auto run = [](const Connection& connection, const NameFlags& given, std::stop_token stop) {
    JsonObject spec{{"activate", false}, {"discardChanges", given.discard_changes}};
    return run_change(connection, given, std::move(spec), StandbyGoal::inactive, std::move(stop));
  };
  auto* command =
      add_named(standby, line, "deactivate",
                "Remove the application's workloads here; its claims are kept", flags, run);
  add_object_output_flag(*command, flags->format);
  command->add_flag("--discard-changes", flags->discard_changes,
                    "Let the next backup overwrite what the application wrote here");
  command->add_flag("--no-wait", flags->no_wait, "Return at once");
}

}  // namespace

void add_standby_commands(CLI::App& app, CommandLine& line) {
  auto* standby = app.add_subcommand(
      "standby", "Keep an application's data in step with its backups, ready to take its place");
  standby->require_subcommand(1);
  add_create(*standby, line);
  auto status = std::make_shared<NameFlags>();
  auto* shown = add_named(*standby, line, "status", "Tell how far it is", status, run_status);
  add_object_output_flag(*shown, status->format);
  add_activate(*standby, line);
  add_deactivate(*standby, line);
  add_named(*standby, line, "delete", "Follow no longer; claims and whatever runs stay",
            std::make_shared<NameFlags>(), run_delete);
}

}  // namespace dmaas::cli
