// dmaas copy backup
#include <fmt/format.h>

#include <memory>

#include "api/backup_storage.hpp"
#include "api/copy_session.hpp"
#include "api/labels.hpp"
#include "api/snapshot.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/made_session.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct CopyFlags {
  ClusterFlags cluster;
  std::vector<std::string> backups;
  std::string storage;
  bool no_wait = false;
  bool dry_run = false;
  OutputFormat format = OutputFormat::table;
};

/// The one repository that all of them are in: a session reads one.
Result<kube::ObjectKey> repository_of(const Connection& connection, const CopyFlags& flags,
                                      std::stop_token stop) {
  std::optional<kube::ObjectKey> common;
  for (const auto& name : flags.backups) {
    kube::ObjectKey key{connection.namespace_name, name};
    auto backup = TRY(load_or_list<api::Snapshot>(*connection.client, key, stop));
    auto repository = backup.spec.repository.key(connection.namespace_name);
    if (common && *common != repository) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("backup {} is in repository {}, and {} in {}: copy them one by one",
                              flags.backups.front(), common->name, name, repository.name));
    }
    common = repository;
  }
  return *common;
}

Result<api::CopySession> session_for(const Connection& connection, const CopyFlags& flags,
                                     std::stop_token stop) {
  auto repository = TRY(repository_of(connection, flags, stop));
  const auto& own = connection.namespace_name;
  auto storage =
      TRY(find_reference(*connection.client, api::kind_info<api::BackupStorage>(), flags.storage,
                         {own, std::string(api::default_system_namespace)}, std::move(stop)));
  api::CopySession session;
  session.metadata.namespace_name = own;
  session.metadata.name = new_session_name("copy-" + repository.name.substr(0, 40));
  session.spec.source = reference_to(repository, own);
  session.spec.storage = reference_to(storage, own);
  session.spec.backups.snapshots = flags.backups;
  return session;
}

Result<ExitCode> report(const api::CopySession& session, OutputFormat format) {
  const auto& status = session.status;
  if (is_document(format)) print(format_object(session.source, format));
  if (status.phase != api::CopyPhase::succeeded) {
    return fail(ErrorCode::internal,
                fmt::format("{} ('dmaas describe copy {} -n {}' tells more)", status.message,
                            session.metadata.name, session.metadata.namespace_name));
  }
  if (is_document(format)) return ExitCode::success;
  for (const auto& backup : status.backups)
    print_line(fmt::format("backup {} is copied: {}", backup.snapshot, backup.copy));
  print_line(status.message);
  return ExitCode::success;
}

Result<ExitCode> run_copy(const Connection& connection, const CopyFlags& flags,
                          std::stop_token stop) {
  auto& client = *connection.client;
  auto session = TRY(session_for(connection, flags, stop));
  auto dry_run = flags.dry_run ? kube::DryRun::yes : kube::DryRun::no;
  auto made = TRY(create(client, session, dry_run, stop));
  if (flags.dry_run || flags.no_wait) {
    print_made_session(made, flags.dry_run, flags.format);
    return ExitCode::success;
  }
  print_note("session " + session.metadata.key().text() + " created");
  return report(TRY(follow<api::CopySession>(client, session.metadata.key(), stop)), flags.format);
}

}  // namespace

void add_copy_commands(CLI::App& app, CommandLine& line) {
  auto* group = app.add_subcommand("copy", "Copy what is on a storage to another one");
  group->require_subcommand(1);
  auto flags = std::make_shared<CopyFlags>();
  auto* command = group->add_subcommand(
      "backup",
      "Copy backups to another storage, where they are restored like every backup; "
      "Ctrl-C leaves it running");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command->add_option("backup", flags->backups, "The backups")->required()->type_name("BACKUP");
  command->add_option("--to", flags->storage, "Storage, as [namespace/]name")
      ->required()
      ->type_name("STORAGE");
  command->add_flag("--no-wait", flags->no_wait, "Return at once");
  command->add_flag("--dry-run", flags->dry_run, "Only ask the cluster whether it would start");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_copy(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
