// dmaas storage add, protect, backup, restore, get
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "api/backup_configuration.hpp"
#include "api/backup_session.hpp"
#include "api/backup_storage.hpp"
#include "api/kinds.hpp"
#include "api/labels.hpp"
#include "api/restore_session.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/time_text.hpp"
#include "base/yaml.hpp"
#include "cli/cluster/connection.hpp"
#include "cli/repo/session.hpp"
#include "cli/terminal.hpp"
#include "crypto/random.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

constexpr std::chrono::milliseconds poll_period{500};

template <class Kind>
Result<Json> create(kube::Client& client, const Kind& object, std::stop_token stop) {
  return client.create(api::kind_info<Kind>().resource(), api::encode(object), {}, std::move(stop));
}

Result<Json> create_secret(kube::Client& client, const kube::ObjectKey& key, JsonObject values,
                           std::stop_token stop) {
  auto secret = kube::make_object(kube::resources::secrets(), key);
  secret.as_object()["stringData"] = std::move(values);
  return client.apply(kube::resources::secrets(), secret, {}, std::move(stop));
}

// storage add

struct StorageFlags {
  ClusterFlags cluster;
  std::string name;
  std::string local;
  api::S3Backend s3;
  std::string recovery_password_file;
  bool is_default = false;
  bool for_all = false;
};

Result<std::string> recovery_password(const StorageFlags& flags) {
  if (!flags.recovery_password_file.empty()) {
    auto text = TRY(read_small_file(flags.recovery_password_file));
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }
  auto made = base64url_encode(crypto::random_bytes(24));
  print_line(
      "recovery password (shown only now; with it and the storage every backup can be restored): " +
      made);
  return made;
}

Result<> store_credentials(kube::Client& client, const kube::ObjectKey& key, std::stop_token stop) {
  auto options = TRY(storage::storage_options_from_environment());
  if (options.s3.access_key.empty()) {
    return fail(ErrorCode::invalid_input,
                "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }
  JsonObject values{{"AWS_ACCESS_KEY_ID", options.s3.access_key},
                    {"AWS_SECRET_ACCESS_KEY", options.s3.secret_key}};
  if (!options.s3.session_token.empty()) values["AWS_SESSION_TOKEN"] = options.s3.session_token;
  TRY(create_secret(client, key, std::move(values), std::move(stop)));
  return {};
}

Result<ExitCode> run_storage_add(const StorageFlags& flags, std::stop_token stop) {
  auto connection = TRY(connect(flags.cluster));
  auto& client = *connection.client;
  api::BackupStorage storage;
  storage.metadata.namespace_name = flags.cluster.namespace_name.empty()
                                        ? std::string(api::default_system_namespace)
                                        : flags.cluster.namespace_name;
  storage.metadata.name = flags.name;
  if (!flags.local.empty()) {
    storage.spec.backend.local = api::LocalBackend{flags.local};
  } else {
    storage.spec.backend.s3 = flags.s3;
    storage.spec.credential_secret = api::LocalReference{flags.name + "-credentials"};
    TRY(store_credentials(client, {storage.metadata.namespace_name, flags.name + "-credentials"},
                          stop));
  }
  storage.spec.recovery_password_secret = {.name = flags.name + "-recovery"};
  storage.spec.is_default = flags.is_default;
  if (flags.for_all) storage.spec.usage.namespaces = api::UsageScope::all;
  auto password = TRY(recovery_password(flags));
  TRY(create_secret(client, {storage.metadata.namespace_name, flags.name + "-recovery"},
                    {{"password", password}}, stop));
  TRY(create(client, storage, stop));
  const auto resource = api::kind_info<api::BackupStorage>().resource();
  while (system_clock().sleep(poll_period, stop)) {
    auto now = TRY(client.get(resource, storage.metadata.key(), stop));
    auto ready = kube::find_condition(now, "Ready");
    if (!ready) continue;
    if (ready->status == kube::ConditionStatus::yes) {
      print_line("storage " + storage.metadata.key().text() + " is ready");
      return ExitCode::success;
    }
    return fail(ErrorCode::unavailable,
                "storage " + storage.metadata.key().text() + " is not ready: " + ready->message);
  }
  return fail(ErrorCode::cancelled, "stopped");
}

// protect

struct ProtectFlags {
  ClusterFlags cluster;
  std::string target;  // kind/name, or "all"
  std::string name;
  std::string storage;  // [namespace/]name
  std::string schedule;
  bool dry_run = false;
};

api::NamespacedReference reference_of(const std::string& text) {
  auto slash = text.find('/');
  if (slash == std::string::npos) return {.name = text};
  return {.name = text.substr(slash + 1), .namespace_name = text.substr(0, slash)};
}

Result<ExitCode> run_protect(const ProtectFlags& flags, std::stop_token stop) {
  auto connection = TRY(connect(flags.cluster));
  api::BackupConfiguration plan;
  plan.metadata.namespace_name = connection.namespace_name;
  api::BackupTarget target;
  auto slash = flags.target.find('/');
  if (flags.target == "all") {
    target.all_objects = true;
    target.name = connection.namespace_name;
  } else if (slash != std::string::npos) {
    auto discovery = TRY(connection.client->discover(stop));
    target.workload = api::ObjectReference{.kind = flags.target.substr(0, slash),
                                           .name = flags.target.substr(slash + 1)};
    target.name = target.workload->name;
  } else {
    return fail(ErrorCode::invalid_input,
                "give what to protect as Kind/name, such as StatefulSet/mariadb, or all");
  }
  plan.metadata.name = flags.name.empty() ? target.name : flags.name;
  plan.spec.targets = {target};
  plan.spec.runs = {{.name = "backup", .schedule = flags.schedule}};
  if (!flags.storage.empty()) plan.spec.storages = {{.storage = reference_of(flags.storage)}};
  if (flags.dry_run) {
    print(to_yaml(api::encode(plan)));
    return ExitCode::success;
  }
  TRY(create(*connection.client, plan, stop));
  print_line(fmt::format("plan {} protects {}. Next: dmaas backup {} -n {}",
                         plan.metadata.key().text(), flags.target, plan.metadata.name,
                         plan.metadata.namespace_name));
  return ExitCode::success;
}

// backup

struct BackupFlags {
  ClusterFlags cluster;
  std::string plan;
  std::string run;
  std::string type;
  bool no_wait = false;
};

/// Shows `line` of the object whenever it changes, until `is_over`.
template <class Kind>
Result<Kind> follow(kube::Client& client, const kube::ObjectKey& key,
                    const std::function<std::string(const Kind&)>& line,
                    const std::function<bool(const Kind&)>& is_over, std::stop_token stop) {
  std::string shown;
  while (system_clock().sleep(poll_period, stop)) {
    auto document = TRY(client.get(api::kind_info<Kind>().resource(), key, stop));
    auto object = TRY(api::decode<Kind>(document));
    auto text = line(object);
    if (text != shown) print_note(text);
    shown = text;
    if (is_over(object)) return object;
  }
  return fail(ErrorCode::cancelled, key.text() + " goes on in the cluster");
}

Result<ExitCode> run_backup(const BackupFlags& flags, std::stop_token stop) {
  auto connection = TRY(connect(flags.cluster));
  api::BackupSession session;
  session.metadata.namespace_name = connection.namespace_name;
  session.metadata.name =
      fmt::format("{}-{}", flags.plan.substr(0, 40), format_compact(system_clock().now()));
  session.spec.plan.name = flags.plan;
  session.spec.run = flags.run;
  if (!flags.type.empty())
    session.spec.type = flags.type == "full" ? api::RunType::full : api::RunType::incremental;
  TRY(create(*connection.client, session, stop));
  print_line("session " + session.metadata.key().text() + " created");
  if (flags.no_wait) return ExitCode::success;
  auto line = [](const api::BackupSession& now) {
    auto phase = names_of(api::BackupPhase{})[static_cast<std::size_t>(now.status.phase)];
    return fmt::format("{}  {}  {}", phase, now.status.progress, now.status.message);
  };
  auto over = [](const api::BackupSession& now) { return is_final(now.status.phase); };
  auto done =
      TRY(follow<api::BackupSession>(*connection.client, session.metadata.key(), line, over, stop));
  if (done.status.phase != api::BackupPhase::succeeded)
    return fail(ErrorCode::internal, done.status.message);
  for (const auto& result : done.status.storages)
    print_line("backup " + result.snapshot + " on " + result.storage);
  return ExitCode::success;
}

// restore

struct RestoreFlags {
  ClusterFlags cluster;
  api::RestoreSession session;
  std::string repository;
  std::string storage;
  std::string path;
  std::string before;
  std::string data = "all";
  std::string existing = "skip";
  std::vector<std::string> namespaces;
  std::vector<std::string> classes;
  bool no_wait = false;
};

Result<std::map<std::string, std::string>> pairs_of(const std::vector<std::string>& texts,
                                                    const char* flag) {
  std::map<std::string, std::string> pairs;
  for (const auto& text : texts) {
    auto equals = text.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::invalid_input, fmt::format("{} is FROM=TO, not '{}'", flag, text));
    pairs[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return pairs;
}

Result<api::RestoreSession> restore_session(const RestoreFlags& flags,
                                            const std::string& namespace_name) {
  auto session = flags.session;
  session.metadata.namespace_name = namespace_name;
  session.metadata.name = "restore-" + format_compact(system_clock().now());
  auto& source = session.spec.source;
  if (!flags.repository.empty()) source.repository = reference_of(flags.repository);
  if (!flags.path.empty())
    source.stored = api::StoredRepository{reference_of(flags.storage), flags.path};
  if (source.repository.has_value() == source.stored.has_value()) {
    return fail(ErrorCode::invalid_input,
                "give either --repository NAME, or --storage NAME and --path PATH");
  }
  if (!flags.before.empty()) source.before = TRY(parse_timestamp(flags.before));
  session.spec.namespace_map = TRY(pairs_of(flags.namespaces, "--map-namespace"));
  session.spec.storage_class_map = TRY(pairs_of(flags.classes, "--map-storage-class"));
  if (flags.data == "resources") session.spec.what.data = api::RestoreData::resources_only;
  if (flags.data == "volumes") session.spec.what.data = api::RestoreData::data_only;
  if (flags.existing == "update") session.spec.existing = api::ExistingPolicy::update;
  if (flags.existing == "fail") session.spec.existing = api::ExistingPolicy::fail;
  if (flags.existing == "recreate") session.spec.existing = api::ExistingPolicy::recreate;
  return session;
}

Result<ExitCode> run_restore(const RestoreFlags& flags, std::stop_token stop) {
  auto connection = TRY(connect(flags.cluster));
  auto namespace_name = flags.cluster.namespace_name.empty()
                            ? std::string(api::default_system_namespace)
                            : flags.cluster.namespace_name;
  auto session = TRY(restore_session(flags, namespace_name));
  TRY(create(*connection.client, session, stop));
  print_line("session " + session.metadata.key().text() + " created");
  if (flags.no_wait) return ExitCode::success;
  auto line = [](const api::RestoreSession& now) {
    auto stage = names_of(api::RestoreStage{})[static_cast<std::size_t>(now.status.stage)];
    return fmt::format("{}  {}  {}", stage, now.status.progress, now.status.message);
  };
  auto over = [](const api::RestoreSession& now) { return is_final(now.status.stage); };
  auto done = TRY(
      follow<api::RestoreSession>(*connection.client, session.metadata.key(), line, over, stop));
  for (const auto& problem : done.status.problems) {
    print_note(fmt::format("{}: {}: {}", problem.outcome, problem.object, problem.message));
  }
  for (const auto& warning : done.status.warnings) print_note("warning: " + warning);
  if (done.status.stage != api::RestoreStage::succeeded)
    return fail(ErrorCode::internal, done.status.message);
  print_line(done.status.message +
             (done.status.time_to_recover.empty() ? "" : " in " + done.status.time_to_recover));
  return ExitCode::success;
}

void add_restore(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<RestoreFlags>();
  auto* command = app.add_subcommand("restore", "Restore a backup");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("--repository", flags->repository, "Repository: [namespace/]name");
  command->add_option("--storage", flags->storage,
                      "Storage of a repository that has no object here: [namespace/]name");
  command->add_option("--path", flags->path,
                      "Its path on the storage, such as east/ns/shop/mariadb");
  command
      ->add_option("--snapshot", flags->session.spec.source.snapshot,
                   "Which backup: latest, a name, an id")
      ->capture_default_str();
  command->add_option("--before", flags->before, "With latest: not younger than this time");
  command->add_option("--data", flags->data, "What is restored")
      ->check(CLI::IsMember({"all", "resources", "volumes"}));
  command->add_option("--existing", flags->existing, "What happens to objects that exist")
      ->check(CLI::IsMember({"skip", "update", "fail", "recreate"}))
      ->capture_default_str();
  command->add_option("--map-namespace", flags->namespaces, "FROM=TO (repeatable)");
  command->add_option("--map-storage-class", flags->classes, "FROM=TO (repeatable)");
  command->add_option("--prefix", flags->session.spec.name_prefix,
                      "Restore as new: put before all names");
  command->add_flag("--preflight", flags->session.spec.preflight_only,
                    "Only check what would happen");
  command->add_flag("--no-wait", flags->no_wait, "Return at once");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) { return run_restore(*flags, stop); };
  });
}

void add_storage(CLI::App& app, CommandLine& line) {
  auto* storage = app.add_subcommand("storage", "Storages");
  storage->require_subcommand(1);
  auto flags = std::make_shared<StorageFlags>();
  auto* command = storage->add_subcommand(
      "add", "Add a storage; S3 credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("name", flags->name, "Its name")->required();
  auto* local = command->add_option("--local", flags->local, "A directory of the gateway's node");
  command->add_option("--bucket", flags->s3.bucket, "S3 bucket")->excludes(local);
  command->add_option("--endpoint", flags->s3.endpoint, "URL of the S3 service; empty for AWS");
  command->add_option("--region", flags->s3.region, "Region of the bucket");
  command->add_option("--prefix", flags->s3.prefix, "Path within the bucket");
  command->add_flag("--create-bucket", flags->s3.create_bucket,
                    "Make the bucket when it is absent");
  command->add_option("--recovery-password-file", flags->recovery_password_file,
                      "File with the recovery password; one is made and shown when absent");
  command->add_flag("--default", flags->is_default, "For plans that name no storage");
  command->add_flag("--all-namespaces", flags->for_all, "Plans of every namespace may use it");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) { return run_storage_add(*flags, stop); };
  });
}

}  // namespace

void add_protection_commands(CLI::App& app, CommandLine& line) {
  add_storage(app, line);
  auto protect = std::make_shared<ProtectFlags>();
  auto* command = app.add_subcommand("protect", "Write a plan for an application");
  add_cluster_flags(*command, protect->cluster);
  command
      ->add_option("target", protect->target,
                   "Kind/name, such as StatefulSet/mariadb; or all: everything in the namespace")
      ->required();
  command->add_option("--name", protect->name, "Name of the plan (default: the target's)");
  command->add_option("--storage", protect->storage,
                      "Storage: [namespace/]name (default: the default storage)");
  command->add_option("--schedule", protect->schedule, "Cron expression, such as '0 3 * * *'");
  command->add_flag("--dry-run", protect->dry_run, "Only print the plan");
  command->callback([&line, protect] {
    line.chosen = [protect](std::stop_token stop) { return run_protect(*protect, stop); };
  });

  auto backup = std::make_shared<BackupFlags>();
  command = app.add_subcommand("backup", "Take a backup now");
  add_cluster_flags(*command, backup->cluster);
  command->add_option("plan", backup->plan, "The plan")->required();
  command->add_option("--run", backup->run, "Run of the plan (default: the first)");
  command->add_option("--type", backup->type, "full or incremental")
      ->check(CLI::IsMember({"full", "incremental"}));
  command->add_flag("--no-wait", backup->no_wait, "Return at once");
  command->callback([&line, backup] {
    line.chosen = [backup](std::stop_token stop) { return run_backup(*backup, stop); };
  });
  add_restore(app, line);
}

}  // namespace dmaas::cli
