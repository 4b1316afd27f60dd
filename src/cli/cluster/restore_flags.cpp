#include "cli/cluster/restore_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/backup_storage.hpp"
#include "api/hook_template.hpp"
#include "api/labels.hpp"
#include "api/repository.hpp"
#include "api/snapshot.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/stored_repositories.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

/// Where objects are looked for that are named without namespace.
std::vector<std::string> places_of(const Connection& connection, const std::string& own) {
  return {own, connection.namespace_name, std::string(api::default_system_namespace)};
}

/// The repository of a backup that has a Snapshot object.
Result<> choose_backup(const Connection& connection, const RestoreFlags& flags,
                       const std::string& own, api::RestoreSource& source, std::stop_token stop) {
  auto& client = *connection.client;
  const auto& kind = api::kind_info<api::Snapshot>();
  auto key = TRY(find_reference(client, kind, flags.backup, places_of(connection, own), stop));
  auto object = TRY(client.get(kind.resource(), key, stop));
  auto backup = TRY(api::decode<api::Snapshot>(object));
  auto repository = backup.spec.repository.key(key.namespace_name);
  source.repository = reference_to(repository, own);
  source.snapshot = backup.spec.snapshot_id;
  return {};
}

Result<> choose_source(const Connection& connection, const RestoreFlags& flags,
                       const std::string& own, api::RestoreSource& source, std::stop_token stop) {
  auto& client = *connection.client;
  auto places = places_of(connection, own);
  if (!flags.snapshot.empty()) source.snapshot = flags.snapshot;
  if (!flags.before.empty()) source.before = TRY(parse_timestamp(flags.before).context("--before"));
  source.latest_of = flags.latest_of;
  source.oldest_of = flags.oldest_of;
  source.time_zone = flags.time_zone;
  source.run = flags.run;
  bool is_stored = !flags.storage.empty() || !flags.path.empty();
  if (!flags.backup.empty() + !flags.repository.empty() + is_stored != 1) {
    return fail(ErrorCode::invalid_input,
                "say what to restore: the name of a backup ('dmaas get backups -A' lists them), "
                "--repository NAME, or --storage NAME with or without --path PATH");
  }
  if (!flags.backup.empty()) return choose_backup(connection, flags, own, source, stop);
  if (!flags.repository.empty()) {
    auto key = TRY(
        find_reference(client, api::kind_info<api::Repository>(), flags.repository, places, stop));
    source.repository = reference_to(key, own);
    return {};
  }
  if (flags.storage.empty())
    return fail(ErrorCode::invalid_input, "--path needs --storage: the storage that has it");
  auto key = TRY(
      find_reference(client, api::kind_info<api::BackupStorage>(), flags.storage, places, stop));
  auto path = flags.path;
  if (path.empty()) {
    auto found = TRY(list_stored(client, key, stop));
    path = TRY(choose_path(found, key.text()));
  }
  source.stored = api::StoredRepository{reference_to(key, own), path};
  return {};
}

Result<> set_in_place(const Connection& connection, const RestoreFlags& flags,
                      api::RestoreSession& session, std::stop_token stop) {
  auto& spec = session.spec;
  if (flags.in_place.empty()) {
    if (flags.claims.empty() && !flags.keep_extra_files && flags.hook.empty()) return {};
    return fail(ErrorCode::invalid_input,
                "--map-claim, --keep-extra-files and --quiesce-hook go with --in-place: say what "
                "happens to pods that use the claims");
  }
  spec.in_place.emplace();
  if ((flags.in_place == "hook") != !flags.hook.empty())
    return fail(ErrorCode::invalid_input, "--in-place hook and --quiesce-hook go together");
  if (flags.in_place == "scaleToZero") spec.in_place->quiesce = api::QuiesceMethod::scale_to_zero;
  if (!flags.hook.empty()) {
    const auto& own = session.metadata.namespace_name;
    auto key = TRY(find_reference(*connection.client, api::kind_info<api::HookTemplate>(),
                                  flags.hook, places_of(connection, own), std::move(stop)));
    spec.in_place->quiesce = api::QuiesceMethod::hook;
    spec.in_place->hook = reference_to(key, own);
  }
  if (flags.keep_extra_files) spec.in_place->extra_files = api::ExtraFiles::keep;
  spec.in_place->claim_map = TRY(parse_pairs(flags.claims, "--map-claim"));
  return {};
}

Result<> set_files(const RestoreFlags& flags, api::RestoreSelection& what) {
  for (const auto& text : flags.files) {
    auto colon = text.find(':');
    if (colon == std::string::npos || colon == 0) {
      return fail(
          ErrorCode::invalid_input,
          fmt::format("--files is CLAIM:PATTERN, such as 'data-0:/etc/*.conf', not '{}'", text));
    }
    auto volume = text.substr(0, colon);
    auto known = std::ranges::find(what.files, volume, &api::FileSelection::volume);
    if (known == what.files.end())
      known = what.files.insert(known, api::FileSelection{.volume = volume});
    known->paths.push_back(text.substr(colon + 1));
  }
  return {};
}

void add_source_flags(CLI::App& command, RestoreFlags& flags) {
  command.add_option("--repository", flags.repository, "Repository: [namespace/]name")
      ->type_name("REPOSITORY");
  command
      .add_option("--storage", flags.storage,
                  "Storage of a repository that has no object here: [namespace/]name")
      ->type_name("STORAGE");
  command
      .add_option("--path", flags.path,
                  "Its path on the storage, such as east/ns/shop/mariadb (default: the only "
                  "one there is)")
      ->type_name("PATH");
  command
      .add_option("--snapshot", flags.snapshot,
                  "Which backup of the repository: latest (default), a name, an id")
      ->type_name("BACKUP");
  command
      .add_option("--before", flags.before,
                  "The newest backup that is not younger than this time, such as "
                  "2026-01-02T03:04:05Z")
      ->type_name("TIME");
  command.add_option("--latest-of", flags.latest_of, "The newest backup of a day")
      ->type_name("YYYY-MM-DD");
  command.add_option("--oldest-of", flags.oldest_of, "The oldest backup of a day")
      ->type_name("YYYY-MM-DD");
  command
      .add_option("--run", flags.run,
                  "Only of the backups that this run of the plan made, such as full")
      ->type_name("RUN");
  command
      .add_option("--time-zone", flags.time_zone,
                  "Whose days --latest-of and --oldest-of name, such as Europe/Berlin (default: "
                  "UTC)")
      ->type_name("ZONE");
}

}  // namespace

Result<std::map<std::string, std::string>> parse_pairs(const std::vector<std::string>& texts,
                                                       std::string_view flag) {
  std::map<std::string, std::string> pairs;
  for (const auto& text : texts) {
    auto equals = text.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::invalid_input, fmt::format("{} is FROM=TO, not '{}'", flag, text));
    pairs[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return pairs;
}

Result<std::optional<api::RestoreChanges>> changes_of(const RestoreFlags& flags) {
  if (flags.claim_sizes.empty() && flags.replicas.empty())
    return std::optional<api::RestoreChanges>();
  api::RestoreChanges changes;
  for (const auto& text : flags.claim_sizes) {
    auto equals = text.find('=');
    api::ClaimOverride change;
    if (equals != std::string::npos) change.claims = {text.substr(0, equals)};
    change.size = Quantity{equals == std::string::npos ? text : text.substr(equals + 1)};
    changes.claims.push_back(std::move(change));
  }
  for (const auto& [name, count] : TRY(parse_pairs(flags.replicas, "--replicas"))) {
    std::int32_t replicas = 0;
    auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), replicas);
    if (error != std::errc{} || end != count.data() + count.size() || replicas < 0) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("--replicas is WORKLOAD=COUNT, not '{}={}'", name, count));
    }
    changes.replicas.push_back({.name = name, .replicas = replicas});
  }
  return std::optional(std::move(changes));
}

void add_destination_flags(CLI::App& command, RestoreFlags& flags) {
  command
      .add_option("--map-namespace", flags.namespaces,
                  "FROM=TO (repeatable): restore into another namespace")
      ->type_name("FROM=TO");
  add_placement_flags(command, flags);
}

void add_placement_flags(CLI::App& command, RestoreFlags& flags) {
  command
      .add_option("--map-storage-class", flags.classes,
                  "FROM=TO (repeatable); an empty TO is the default class")
      ->type_name("FROM=TO");
  command
      .add_option("--claim-size", flags.claim_sizes,
                  "[CLAIM=]SIZE (repeatable): another size of a claim, or of all, such as "
                  "data-*=20Gi")
      ->type_name("[CLAIM=]SIZE");
  command
      .add_option("--replicas", flags.replicas,
                  "WORKLOAD=COUNT (repeatable): another number of replicas")
      ->type_name("WORKLOAD=COUNT");
}

void add_restore_flags(CLI::App& command, RestoreFlags& flags) {
  add_cluster_flags(command, flags.cluster);
  add_source_flags(command, flags);
  command.add_option("--data", flags.data, "What is restored")
      ->check(CLI::IsMember({"all", "resources", "volumes"}))
      ->type_name("WHAT")
      ->capture_default_str();
  command
      .add_option("--volume", flags.volumes,
                  "Only the data of this claim, by its name in the backup (repeatable)")
      ->type_name("CLAIM");
  command
      .add_option("--files", flags.files,
                  "CLAIM:PATTERN (repeatable): only these files of a volume, such as "
                  "'data-0:/etc/*.conf'; others are left as they are")
      ->type_name("CLAIM:PATTERN");
  command.add_option("--existing", flags.existing, "What happens to objects that exist")
      ->check(CLI::IsMember({"skip", "update", "fail", "recreate"}))
      ->type_name("EXISTING")
      ->capture_default_str();
  add_destination_flags(command, flags);
  command
      .add_option("--in-place", flags.in_place,
                  "Replace the data of claims that exist; with pods that use one: refuseIfInUse, "
                  "scaleToZero meanwhile, or hold them still by a hook. With --data volumes no "
                  "object is created or changed")
      ->check(CLI::IsMember({"refuseIfInUse", "scaleToZero", "hook"}))
      ->type_name("QUIESCE");
  command
      .add_option("--quiesce-hook", flags.hook,
                  "With --in-place hook: the HookTemplate that has undo: [namespace/]name")
      ->type_name("HOOK");
  command
      .add_option("--map-claim", flags.claims,
                  "FROM=TO (repeatable): put the data of a claim into another one; with --in-place")
      ->type_name("FROM=TO");
  command.add_flag("--keep-extra-files", flags.keep_extra_files,
                   "With --in-place: leave files that the backup does not have");
  command.add_option("--prefix", flags.name_prefix, "Restore as new: put before all names")
      ->type_name("TEXT");
}

Result<api::RestoreSession> restore_session(const Connection& connection, const RestoreFlags& flags,
                                            std::stop_token stop) {
  api::RestoreSession session;
  session.metadata.namespace_name = flags.cluster.namespace_name.empty()
                                        ? std::string(api::default_system_namespace)
                                        : flags.cluster.namespace_name;
  session.metadata.name = new_session_name("restore");
  TRY(choose_source(connection, flags, session.metadata.namespace_name, session.spec.source, stop));
  session.spec.name_prefix = flags.name_prefix;
  session.spec.namespace_map = TRY(parse_pairs(flags.namespaces, "--map-namespace"));
  session.spec.storage_class_map = TRY(parse_pairs(flags.classes, "--map-storage-class"));
  if (flags.data == "resources") session.spec.what.data = api::RestoreData::resources_only;
  if (flags.data == "volumes") session.spec.what.data = api::RestoreData::data_only;
  session.spec.what.volumes = flags.volumes;
  TRY(set_files(flags, session.spec.what));
  TRY(set_in_place(connection, flags, session, stop));
  session.spec.changes = TRY(changes_of(flags));
  if (flags.existing == "update") session.spec.existing = api::ExistingPolicy::update;
  if (flags.existing == "fail") session.spec.existing = api::ExistingPolicy::fail;
  if (flags.existing == "recreate") session.spec.existing = api::ExistingPolicy::recreate;
  return session;
}

}  // namespace dmaas::cli
