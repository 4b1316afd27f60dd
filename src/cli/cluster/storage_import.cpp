// dmaas storage import
#include <fmt/format.h>

#include <memory>

#include "api/labels.hpp"
#include "api/names.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/cluster/storage.hpp"
#include "cli/cluster/stored_repositories.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

/// A large repository takes a while to be looked through.
constexpr std::chrono::minutes import_patience{10};

struct ImportFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
  std::string storage;
  std::vector<std::string> paths;
  bool all = false;
  bool dry_run = false;
};

api::Repository repository_for(const kube::ObjectKey& storage, const std::string& path,
                               const std::string& namespace_name) {
  api::Repository repository;
  repository.metadata.namespace_name = namespace_name;
  repository.metadata.name = api::repository_name(path.substr(path.rfind('/') + 1),
                                                  storage.namespace_name, storage.name, path);
  repository.spec.storage = reference_to(storage, namespace_name);
  repository.spec.path = path;
  return repository;
}

/// The object once the controller has opened the repository, or has said why it cannot.
Result<api::Repository> wait_until_seen(kube::Client& client, const kube::ObjectKey& key,
                                        std::stop_token stop) {
  auto deadline = system_clock().monotonic() + import_patience;
  while (true) {
    auto document = TRY(client.get(api::kind_info<api::Repository>().resource(), key, stop));
    auto repository = TRY(api::decode<api::Repository>(document));
    const auto* ready = api::find_condition(repository.status.conditions, api::condition::ready);
    if (ready != nullptr) return repository;
    if (system_clock().monotonic() > deadline)
      return fail(ErrorCode::timeout, "the controller has not opened repository " + key.text());
    if (!system_clock().sleep(poll_period, stop)) return fail(ErrorCode::cancelled, "stopped");
  }
}

/// One line for a person. Errors: what keeps the repository from being opened.
Result<> show_imported(kube::Client& client, const api::Repository& wanted, std::stop_token stop) {
  auto key = wanted.metadata.key();
  auto seen = TRY(wait_until_seen(client, key, stop));
  const auto* ready = api::find_condition(seen.status.conditions, api::condition::ready);
  if (ready->status == api::ConditionStatus::yes) {
    print_line(fmt::format("repository {} shows {}: {} backups", key.text(), wanted.spec.path,
                           seen.status.snapshot_count));
    return {};
  }
  // A path that is not there would only stay as a mistake.
  if (ready->reason == api::reason::no_repository) {
    TRY(kube::ensure_removed(client, api::kind_info<api::Repository>().resource(), key,
                             {.uid = seen.metadata.uid}, stop));
  }
  return fail(ErrorCode::not_found, ready->message);
}

Result<ExitCode> run_import(const Connection& connection, const ImportFlags& flags,
                            std::stop_token stop) {
  auto& client = *connection.client;
  if (flags.all == !flags.paths.empty())
    return fail(ErrorCode::invalid_input, "give either paths or --all");
  auto storage = TRY(find_storage(connection, flags.storage, stop));
  auto paths = flags.paths;
  if (flags.all) paths = TRY(list_stored(client, storage, stop)).paths;
  auto namespace_name = flags.cluster.namespace_name.empty()
                            ? std::string(api::default_system_namespace)
                            : flags.cluster.namespace_name;
  auto dry_run = flags.dry_run ? kube::DryRun::yes : kube::DryRun::no;
  std::vector<api::Repository> made;
  std::vector<Json> documents;
  for (const auto& path : paths) {
    auto repository = repository_for(storage, path, namespace_name);
    auto created = create(client, repository, dry_run, stop);
    if (!created && created.code() != ErrorCode::already_exists)
      return fail(std::move(created).error());
    documents.push_back(created ? std::move(*created) : api::encode(repository));
    made.push_back(std::move(repository));
  }
  if (is_document(flags.format)) print(format_objects(documents, flags.format));
  if (flags.dry_run && !is_document(flags.format)) {
    for (const auto& repository : made)
      print_line("repository " + repository.metadata.key().text() + " would be created");
  }
  if (flags.dry_run || is_document(flags.format)) return ExitCode::success;
  std::size_t failed = 0;
  for (const auto& repository : made) {
    auto shown = show_imported(client, repository, stop);
    if (shown.failed_with(ErrorCode::cancelled)) return fail(std::move(shown).error());
    if (!shown) print_note("error: " + shown.error().message());
    failed += shown ? 0 : 1;
  }
  return failed == 0 ? ExitCode::success : ExitCode::failure;
}

}  // namespace

void add_storage_import_command(CLI::App& storage, CommandLine& line) {
  auto flags = std::make_shared<ImportFlags>();
  auto* command = storage.add_subcommand("import",
                                         "Make objects of repositories on a storage, so that their "
                                         "backups are seen and restored here");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command->add_option("storage", flags->storage, "The storage: [namespace/]name")
      ->required()
      ->type_name("STORAGE");
  command->add_option("path", flags->paths, "Paths, as 'storage repositories' lists them")
      ->type_name("PATH");
  command->add_flag("--all", flags->all, "All that are listed");
  command->add_flag("--dry-run", flags->dry_run, "Only ask the cluster whether it would take them");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_import(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
