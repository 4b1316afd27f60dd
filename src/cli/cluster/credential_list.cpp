// dmaas credential list
#include <fmt/format.h>

#include <memory>

#include "cli/cluster/credential.hpp"
#include "cli/cluster/object_table.hpp"
#include "cli/cluster/output.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct ListFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
};

/// Both of one namespace: a storage finds its credential only there.
struct Listing {
  std::vector<Credential> credentials;
  std::vector<Json> storages;
};

std::string text_or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string table_of(const Listing& listing) {
  auto now = system_clock().now();
  Table table({"TITLE", "ENDPOINT", "REGION", "STORAGES", "AGE"});
  for (const auto& credential : listing.credentials) {
    auto users = storages_using(credential.secret, listing.storages);
    table.add({credential.title, text_or_dash(credential.endpoint), text_or_dash(credential.region),
               text_or_dash(fmt::format("{}", fmt::join(users, ","))),
               credential.created ? format_age(now - *credential.created) : "?"});
  }
  return table.text();
}

/// Made of what may be told, never of the Secrets.
Json document_of(const Listing& listing) {
  JsonArray list;
  for (const auto& credential : listing.credentials)
    list.push_back(json_of(credential, storages_using(credential.secret, listing.storages)));
  return list;
}

Result<ExitCode> run_credential_list(const Connection& connection, const ListFlags& flags,
                                     std::stop_token stop) {
  auto& client = *connection.client;
  auto namespace_name = storage_namespace(flags.cluster);
  Listing listing;
  listing.credentials = TRY(list_credentials(client, namespace_name, stop));
  listing.storages = TRY(list_storages(client, namespace_name, stop));
  if (flags.format == OutputFormat::name) {
    for (const auto& credential : listing.credentials) print_line(credential.title);
  } else if (is_document(flags.format)) {
    print(format_document(document_of(listing), flags.format));
  } else if (listing.credentials.empty()) {
    print_note("there is no credential in namespace " + namespace_name +
               ": 'dmaas credential add' saves one");
  } else {
    print(table_of(listing));
  }
  return ExitCode::success;
}

}  // namespace

void add_credential_list_command(CLI::App& credential, CommandLine& line) {
  auto flags = std::make_shared<ListFlags>();
  auto* command = credential.add_subcommand(
      "list", "List saved credentials and which storages use them, without their keys");
  add_cluster_flags(*command, flags->cluster);
  add_list_output_flag(*command, flags->format);
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_credential_list(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
