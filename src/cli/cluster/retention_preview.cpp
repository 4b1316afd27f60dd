// dmaas retention preview
#include <fmt/format.h>

#include <map>
#include <memory>

#include "api/repository.hpp"
#include "api/retention_policy.hpp"
#include "api/snapshot.hpp"
#include "applications/retention/choose_kept.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/cluster/retention.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

struct PreviewFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
  std::string plan;
  std::string policy;
};

struct Preview {
  std::string repository;
  std::string policy;  // "": none, everything is kept
  std::vector<applications::RetainedBackup> backups;
};

/// Complete backups of the plan by the name of their repository and their targets.
using BackupsOfPlan =
    std::map<std::pair<std::string, std::string>, std::vector<applications::RetainedBackup>>;

Result<BackupsOfPlan> backups_of(const Connection& connection, const api::BackupConfiguration& plan,
                                 std::stop_token stop) {
  BackupsOfPlan found;
  kube::ListOptions here{.namespace_name = connection.namespace_name};
  const auto resource = api::kind_info<api::Snapshot>().resource();
  for (const auto& object :
       TRY(kube::list_all(*connection.client, resource, here, std::move(stop)))) {
    auto backup = api::decode<api::Snapshot>(object);
    if (!backup || backup->status.plan != plan.metadata.key().text() || !backup->status.complete ||
        backup->metadata.deletion_time)
      continue;
    found[{backup->spec.repository.name, api::targets_key_of(plan.spec, backup->spec.run)}]
        .push_back({backup->metadata.name, backup->spec.time});
  }
  return found;
}

Result<std::vector<Preview>> preview(const Connection& connection, const PreviewFlags& flags,
                                     std::stop_token stop) {
  auto& client = *connection.client;
  const auto& here = connection.namespace_name;
  auto plan = TRY(load_or_list<api::BackupConfiguration>(client, {here, flags.plan}, stop));
  std::vector<Preview> previews;
  for (auto& [group, backups] : TRY(backups_of(connection, plan, stop))) {
    const auto& name = group.first;
    auto repository = TRY(load_or_list<api::Repository>(client, {here, name}, stop));
    auto storage = api::storage_of(repository);
    const auto* reference = api::retention_policy_of(plan, storage);
    kube::ObjectKey key{here, flags.policy};
    if (flags.policy.empty() && reference != nullptr) key = reference->key(here);
    api::RetentionPolicySpec policy;
    if (!key.name.empty()) policy = TRY(load_or_list<api::RetentionPolicy>(client, key, stop)).spec;
    auto kept = TRY(applications::choose_kept(std::move(backups), policy, system_clock().now()));
    previews.push_back({name, key.name, std::move(kept)});
  }
  return previews;
}

Json json_of(const std::vector<Preview>& previews) {
  JsonArray list;
  for (const auto& one : previews) {
    for (const auto& backup : one.backups) {
      list.push_back(JsonObject{{"backup", backup.name},
                                {"time", format_seconds(backup.time)},
                                {"repository", one.repository},
                                {"policy", one.policy},
                                {"keptBy", JsonArray(backup.kept_by.begin(), backup.kept_by.end())},
                                {"expires", backup.kept_by.empty()}});
    }
  }
  return list;
}

void print_table(const std::vector<Preview>& previews) {
  Table table({"BACKUP", "TIME", "REPOSITORY", "POLICY", "KEPT BY"});
  std::size_t expired = 0;
  for (const auto& one : previews) {
    for (const auto& backup : one.backups) {
      expired += backup.kept_by.empty() ? 1 : 0;
      auto why = backup.kept_by.empty() ? "nothing: it expires"
                                        : fmt::format("{}", fmt::join(backup.kept_by, ", "));
      table.add({backup.name, format_seconds(backup.time), one.repository,
                 one.policy.empty() ? "-" : one.policy, std::move(why)});
    }
  }
  print(table.text());
  print_note(fmt::format("{} backups expire with the next maintenance", expired));
}

/// Their names only, for scripts.
void print_expired(const std::vector<Preview>& previews) {
  for (const auto& one : previews) {
    for (const auto& backup : one.backups) {
      if (backup.kept_by.empty()) print_line(backup.name);
    }
  }
}

Result<ExitCode> run_preview(const Connection& connection, const PreviewFlags& flags,
                             std::stop_token stop) {
  auto previews = TRY(preview(connection, flags, std::move(stop)));
  if (flags.format == OutputFormat::name) {
    print_expired(previews);
  } else if (is_document(flags.format)) {
    print(format_document(json_of(previews), flags.format));
  } else if (previews.empty()) {
    print_note("the plan has no complete backup yet");
  } else {
    print_table(previews);
  }
  return ExitCode::success;
}

}  // namespace

void add_retention_preview_command(CLI::App& retention, CommandLine& line) {
  auto flags = std::make_shared<PreviewFlags>();
  auto* command = retention.add_subcommand(
      "preview", "Say of each backup of a plan which rule keeps it; nothing is changed");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command->add_option("plan", flags->plan, "The plan")->required()->type_name("PLAN");
  command
      ->add_option("--policy", flags->policy,
                   "Try this RetentionPolicy instead of the one that the plan names")
      ->type_name("RETENTION");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_preview(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
