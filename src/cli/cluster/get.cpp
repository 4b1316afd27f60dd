// dmaas get
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "api/kinds.hpp"
#include "api/labels.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/kind_names.hpp"
#include "cli/cluster/object_table.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

struct GetFlags {
  ClusterFlags cluster;
  OutputFormat format = OutputFormat::table;
  std::string kind;
  std::vector<std::string> names;
  std::string selector;
  std::string repository;
  std::string storage;
  bool all_namespaces = false;
};

/// Sessions and backups are a history: the newest is at the end, where people look first.
std::string time_of(const api::KindInfo& kind, const Json& object) {
  if (kind.kind == "Snapshot") return text_at(object, "spec", "time");
  bool is_session = kind.kind.ends_with("Session");
  return is_session ? text_at(object, "metadata", "creationTimestamp") : std::string();
}

void sort_by_time(const api::KindInfo& kind, std::vector<Json>& objects) {
  std::ranges::stable_sort(objects, {}, [&](const Json& object) { return time_of(kind, object); });
}

kube::ObjectKey referred(const Json& object, const char* field) {
  const Json* reference = find(object, "spec", field);
  if (reference == nullptr) return {};
  auto namespace_name = text_at(*reference, "namespace");
  return {namespace_name.empty() ? kube::namespace_of(object) : namespace_name,
          text_at(*reference, "name")};
}

/// A name alone fits in every namespace.
bool fits(const kube::ObjectKey& key, const std::string& wanted) {
  auto reference = parse_reference(wanted);
  return key.name == reference.name &&
         (reference.namespace_name.empty() || reference.namespace_name == key.namespace_name);
}

/// Leaves the backups and repositories that --repository and --storage ask for.
Result<> filter(kube::Client& client, const GetFlags& flags, const api::KindInfo& kind,
                std::vector<Json>& objects, std::stop_token stop) {
  if (flags.repository.empty() && flags.storage.empty()) return {};
  bool is_backup = kind.kind == "Snapshot";
  bool is_repository = kind.kind == "Repository";
  if (!is_backup && (!is_repository || !flags.repository.empty())) {
    return fail(ErrorCode::invalid_input,
                "--repository is for 'dmaas get backups', --storage for backups and repositories");
  }
  if (is_repository) {
    std::erase_if(objects, [&](const Json& object) {
      return !fits(referred(object, "storageRef"), flags.storage);
    });
    return {};
  }
  std::set<kube::ObjectKey> wanted;
  for (const auto& repository :
       TRY(kube::list_all(client, api::kind_info<api::Repository>().resource(), {}, stop))) {
    bool is_wanted =
        (flags.repository.empty() || fits(kube::key_of(repository), flags.repository)) &&
        (flags.storage.empty() || fits(referred(repository, "storageRef"), flags.storage));
    if (is_wanted) wanted.insert(kube::key_of(repository));
  }
  std::erase_if(objects, [&](const Json& object) {
    return !wanted.contains(referred(object, "repositoryRef"));
  });
  return {};
}

Result<std::vector<Json>> load(const Connection& connection, const GetFlags& flags,
                               const api::KindInfo& kind, const std::vector<std::string>& names,
                               std::stop_token stop) {
  auto& client = *connection.client;
  std::vector<Json> objects;
  for (const auto& name : names) {
    auto key = key_in(kind, connection.namespace_name, name);
    objects.push_back(TRY(find_or_list(client, kind, key, stop)));
  }
  if (names.empty()) {
    kube::ListOptions options{
        .namespace_name = flags.all_namespaces ? "" : connection.namespace_name,
        .label_selector = flags.selector};
    objects = TRY(kube::list_all(client, kind.resource(), options, stop));
    sort_by_time(kind, objects);
  }
  TRY(filter(client, flags, kind, objects, stop));
  return objects;
}

std::string table_of(const GetFlags& flags, const api::KindInfo& kind,
                     const std::vector<Json>& objects) {
  TableOptions options;
  if (flags.all_namespaces) options.namespaces = TableOptions::Namespaces::show;
  if (flags.format == OutputFormat::wide) options.width = TableOptions::Width::wide;
  return object_table(kind, objects, options, system_clock().now());
}

enum class Place { a_namespace, cluster };
void note_emptiness(const Connection& connection, const GetFlags& flags, const std::string& word,
                    Place place) {
  if (flags.all_namespaces || place == Place::cluster) {
    print_note("there are no " + word);
  } else {
    print_note(fmt::format("there are no {} in namespace {}; -A looks in all namespaces", word,
                           connection.namespace_name));
  }
}

Result<ExitCode> get_everything(const Connection& connection, const GetFlags& flags,
                                std::stop_token stop) {
  std::vector<Json> all;
  std::string tables;
  for (const auto* kind : api::all_kinds()) {
    auto loaded = load(connection, flags, *kind, {}, stop);
    // Who works in a namespace may not list what is of the cluster.
    if (!kind->is_namespaced() && loaded.failed_with(ErrorCode::permission_denied)) continue;
    auto objects = TRY(std::move(loaded));
    if (objects.empty()) continue;
    tables += fmt::format("{}{}:\n{}", tables.empty() ? "" : "\n", plural_word(*kind),
                          table_of(flags, *kind, objects));
    std::ranges::move(objects, std::back_inserter(all));
  }
  if (is_document(flags.format)) {
    print(format_objects(all, flags.format));
  } else if (all.empty()) {
    note_emptiness(connection, flags, "objects of DMaaS", Place::a_namespace);
  } else {
    print(tables);
  }
  return ExitCode::success;
}

Result<ExitCode> run_get(const Connection& connection, const GetFlags& flags,
                         std::stop_token stop) {
  if (flags.kind.empty()) return get_everything(connection, flags, stop);
  auto wanted = TRY(parse_object_name(flags.kind, flags.names.empty() ? "" : flags.names.front()));
  auto names = flags.names;
  if (names.empty() && !wanted.name.empty()) names = {wanted.name};
  if (!names.empty() && flags.all_namespaces)
    return fail(ErrorCode::invalid_input, "give either a name or --all-namespaces");
  auto objects = TRY(load(connection, flags, *wanted.kind, names, stop));
  bool is_single = names.size() == 1 && objects.size() == 1;
  if (is_document(flags.format)) {
    print(is_single ? format_object(objects.front(), flags.format)
                    : format_objects(objects, flags.format));
  } else if (objects.empty()) {
    note_emptiness(connection, flags, plural_word(*wanted.kind),
                   wanted.kind->is_namespaced() ? Place::a_namespace : Place::cluster);
  } else {
    print(table_of(flags, *wanted.kind, objects));
  }
  return ExitCode::success;
}

}  // namespace

void add_get_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<GetFlags>();
  auto* command = app.add_subcommand("get", "List plans, sessions, backups, ...: all or one kind");
  add_cluster_flags(*command, flags->cluster);
  add_list_output_flag(*command, flags->format);
  command
      ->add_option("kind", flags->kind,
                   fmt::format("What: {}; all of them when absent", fmt::join(kind_words(), ", ")))
      ->type_name("KIND");
  command->add_option("name", flags->names, "Only these")->type_name("NAME");
  command->add_flag("-A,--all-namespaces", flags->all_namespaces, "Of all namespaces");
  command->add_option("-l,--selector", flags->selector, "Only with these labels, such as a=b")
      ->type_name("SELECTOR");
  command->add_option("--repository", flags->repository, "Backups of it: [namespace/]name")
      ->type_name("REPOSITORY");
  command
      ->add_option("--storage", flags->storage, "Backups and repositories on it: [namespace/]name")
      ->type_name("STORAGE");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_get(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
