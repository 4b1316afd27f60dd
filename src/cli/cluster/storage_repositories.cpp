// dmaas storage repositories
#include <fmt/format.h>

#include <memory>

#include "base/time_text.hpp"
#include "cli/cluster/object_table.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/cluster/storage.hpp"
#include "cli/cluster/stored_repositories.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

struct RepositoriesFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
  std::string storage;
};

/// Repository objects on a storage, as far as the person may see them.
std::vector<api::Repository> repositories_on(const Connection& connection,
                                             const kube::ObjectKey& storage, std::stop_token stop) {
  std::vector<api::Repository> repositories;
  auto objects = kube::list_all(*connection.client, api::kind_info<api::Repository>().resource(),
                                {}, std::move(stop));
  if (!objects) return repositories;
  for (const auto& object : *objects) {
    auto repository = api::decode<api::Repository>(object);
    if (repository && api::storage_of(*repository) == storage)
      repositories.push_back(std::move(*repository));
  }
  return repositories;
}

Json json_of(const StoredRepositoryRow& row) {
  JsonObject json{{"path", row.path}, {"application", row.application}, {"owner", row.owner}};
  if (!row.object.empty()) json["repository"] = row.object;
  if (row.backups) json["backups"] = *row.backups;
  if (row.last_backup) json["lastBackupTime"] = format_seconds(*row.last_backup);
  return json;
}

std::string table_of(const std::vector<StoredRepositoryRow>& rows) {
  auto now = system_clock().now();
  Table table({"PATH", "APPLICATION", "OWNER", "BACKUPS", "LAST BACKUP", "REPOSITORY"});
  for (const auto& row : rows) {
    table.add({row.path, row.application, row.owner,
               row.backups ? std::to_string(*row.backups) : "?",
               row.last_backup ? format_age(now - *row.last_backup) : "?",
               row.object.empty() ? "-" : row.object});
  }
  return table.text();
}

Result<ExitCode> run_repositories(const Connection& connection, const RepositoriesFlags& flags,
                                  std::stop_token stop) {
  auto storage = TRY(find_storage(connection, flags.storage, stop));
  auto found = TRY(list_stored(*connection.client, storage, stop));
  auto rows = stored_rows(found.paths, repositories_on(connection, storage, stop));
  if (flags.format == OutputFormat::name) {
    for (const auto& row : rows) print_line(row.path);
  } else if (is_document(flags.format)) {
    JsonArray list;
    for (const auto& row : rows) list.push_back(json_of(row));
    print(format_document(std::move(list), flags.format));
  } else if (rows.empty()) {
    print_note("there is no repository on storage " + storage.text());
  } else {
    print(table_of(rows));
  }
  auto more = static_cast<std::size_t>(found.count) - found.paths.size();
  if (more > 0) print_note(fmt::format("and {} more, which are not listed here", more));
  return ExitCode::success;
}

}  // namespace

void add_storage_repositories_command(CLI::App& storage, CommandLine& line) {
  auto flags = std::make_shared<RepositoriesFlags>();
  auto* command = storage.add_subcommand(
      "repositories", "List the repositories that lie on a storage, whoever made them");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command->add_option("storage", flags->storage, "The storage: [namespace/]name")
      ->required()
      ->type_name("STORAGE");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_repositories(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
