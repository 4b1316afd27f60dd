// dmaas storage add
#include <fmt/format.h>

#include <memory>

#include "api/backup_storage.hpp"
#include "api/labels.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/repo/session.hpp"
#include "cli/terminal.hpp"
#include "crypto/random.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

Result<Json> create_secret(kube::Client& client, const kube::ObjectKey& key, JsonObject values,
                           std::stop_token stop) {
  auto secret = kube::make_object(kube::resources::secrets(), key);
  secret.as_object()["stringData"] = std::move(values);
  return client.apply(kube::resources::secrets(), secret, {}, std::move(stop));
}

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

}  // namespace

void add_storage_commands(CLI::App& app, CommandLine& line) {
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

}  // namespace dmaas::cli
