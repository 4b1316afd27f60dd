// dmaas verify
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "api/backup_verifier.hpp"
#include "api/labels.hpp"
#include "api/repository.hpp"
#include "api/snapshot.hpp"
#include "api/verification_session.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/made_session.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/cluster/verify.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

/// The repository of the newest backup of a plan; nothing when there is no plan of that name.
/// Errors: not_found (the plan has no backup).
Result<std::optional<kube::ObjectKey>> repository_of_plan(kube::Client& client,
                                                          const kube::ObjectKey& plan,
                                                          std::stop_token stop) {
  auto found = client.get(api::kind_info<api::BackupConfiguration>().resource(), plan, stop);
  if (found.failed_with(ErrorCode::not_found)) return std::optional<kube::ObjectKey>();
  if (!found) return fail(std::move(found).error());
  auto backups = TRY(list_decoded<api::Snapshot>(client, plan.namespace_name, std::move(stop)));
  std::erase_if(backups, [&](const auto& backup) {
    return backup.status.plan != plan.text() || !backup.status.complete;
  });
  if (backups.empty()) {
    return fail(ErrorCode::not_found, fmt::format("plan {} has no backup yet: 'dmaas backup {}'",
                                                  plan.text(), plan.name));
  }
  auto newest =
      std::ranges::max_element(backups, {}, [](const auto& backup) { return backup.spec.time; });
  return std::optional(newest->spec.repository.key(newest->metadata.namespace_name));
}

Result<kube::ObjectKey> find_repository(const Connection& connection, const VerifyFlags& flags,
                                        std::stop_token stop) {
  auto& client = *connection.client;
  const auto& own = connection.namespace_name;
  if (flags.subject.find('/') == std::string::npos) {
    auto of_plan = TRY(repository_of_plan(client, {own, flags.subject}, stop));
    if (of_plan) return std::move(*of_plan);
  }
  return find_reference(client, api::kind_info<api::Repository>(), flags.subject,
                        {own, std::string(api::default_system_namespace)}, stop);
}

bool is_for(const api::BackupVerifier& verifier, const std::string& plan,
            const kube::ObjectKey& repository) {
  bool names_plan = std::ranges::any_of(
      verifier.spec.plans, [&](const auto& reference) { return reference.name == plan; });
  return names_plan || std::ranges::any_of(verifier.spec.repositories, [&](const auto& reference) {
           return reference.key(verifier.metadata.namespace_name) == repository;
         });
}

/// As the named verifier verifies, else the first that names the plan or the repository; without
/// one that it restores, that its files are whole, and that it becomes ready.
Result<api::VerificationSettings> settings_for(const Connection& connection,
                                               const VerifyFlags& flags,
                                               const kube::ObjectKey& repository,
                                               std::stop_token stop) {
  auto& client = *connection.client;
  const auto& own = connection.namespace_name;
  if (!flags.verifier.empty())
    return TRY(load_or_list<api::BackupVerifier>(client, {own, flags.verifier}, stop))
        .spec.verification;
  for (const auto& verifier : TRY(list_decoded<api::BackupVerifier>(client, own, stop))) {
    if (!is_for(verifier, flags.subject, repository)) continue;
    print_note("verifying as verifier " + verifier.metadata.name + " does");
    return verifier.spec.verification;
  }
  api::VerificationSettings settings;
  settings.checks = {{.name = "ready", .ready = true}};
  return settings;
}

Result<api::VerificationSession> session_for(const Connection& connection, const VerifyFlags& flags,
                                             std::stop_token stop) {
  auto repository = TRY(find_repository(connection, flags, stop));
  api::VerificationSession session;
  session.metadata.namespace_name = connection.namespace_name;
  session.metadata.name = new_session_name("verify-" + repository.name.substr(0, 40));
  session.spec.repository = reference_to(repository, connection.namespace_name);
  if (!flags.backup.empty()) session.spec.snapshot = flags.backup;
  session.spec.verification = TRY(settings_for(connection, flags, repository, stop));
  auto& settings = session.spec.verification;
  settings.allow_unisolated = settings.allow_unisolated || flags.allow_unisolated;
  settings.keep_on_failure = settings.keep_on_failure || flags.keep_on_failure;
  return session;
}

/// What the session found, for a person; the exit code for a program.
Result<ExitCode> report(const api::VerificationSession& session, OutputFormat format) {
  const auto& status = session.status;
  for (const auto& warning : status.warnings) print_note("warning: " + warning);
  if (is_document(format)) print(format_object(session.source, format));
  if (status.phase != api::VerificationPhase::succeeded) {
    return fail(ErrorCode::internal,
                fmt::format("backup {} is not verified: {} ('dmaas describe verification {} -n {}' "
                            "tells more)",
                            status.snapshot, status.message, session.metadata.name,
                            session.metadata.namespace_name));
  }
  if (is_document(format)) return ExitCode::success;
  for (const auto& check : status.checks)
    print_line(fmt::format("check {}: {}", check.name, check.message));
  print_line(fmt::format("backup {} is verified: {}", status.snapshot, status.message));
  return ExitCode::success;
}

}  // namespace

Result<ExitCode> run_verify(const Connection& connection, const VerifyFlags& flags,
                            std::stop_token stop) {
  auto& client = *connection.client;
  auto session = TRY(session_for(connection, flags, stop));
  auto dry_run = flags.dry_run ? kube::DryRun::yes : kube::DryRun::no;
  auto made = TRY(create(client, session, dry_run, stop));
  auto name = session.metadata.key().text();
  if (flags.dry_run || flags.no_wait) {
    print_made_session(made, flags.dry_run, flags.format);
    return ExitCode::success;
  }
  print_note("session " + name + " created");
  return report(TRY(follow<api::VerificationSession>(client, session.metadata.key(), stop)),
                flags.format);
}

void add_verify_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<VerifyFlags>();
  auto* command = app.add_subcommand(
      "verify",
      "Restore a backup into a scratch namespace, check it there, and remove it again; Ctrl-C "
      "leaves it running");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command->add_option("subject", flags->subject, "A plan, or a repository as [namespace/]name")
      ->required()
      ->type_name("PLAN");
  command->add_option("--backup", flags->backup, "Name of the backup (default: the newest)")
      ->type_name("BACKUP");
  command
      ->add_option("--verifier", flags->verifier,
                   "Verifier whose checks are made (default: the one that names the plan)")
      ->type_name("VERIFIER");
  command->add_flag("--allow-unisolated", flags->allow_unisolated,
                    "Go on where the network does not isolate the copy");
  command->add_flag("--keep-on-failure", flags->keep_on_failure,
                    "Keep the scratch namespace when a check fails");
  command->add_flag("--no-wait", flags->no_wait, "Return at once");
  command->add_flag("--dry-run", flags->dry_run, "Only ask the cluster whether it would start");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_verify(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
