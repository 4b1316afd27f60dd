// dmaas storage add
#include <fmt/format.h>

#include <memory>

#include "api/backup_storage.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "cli/cluster/credential.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/output.hpp"
#include "cli/cluster/storage.hpp"
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
  OutputFormat format = OutputFormat::table;
  std::string name;
  std::string local;
  std::string credential;
  api::S3Backend s3;
  std::string quota;
  std::string recovery_password_file;
  bool is_default = false;
  bool for_all = false;
  bool dry_run = false;
};

struct RecoveryPassword {
  std::string text;
  bool is_new = false;  // made here: the person must be shown it
};

Result<RecoveryPassword> recovery_password(const StorageFlags& flags) {
  if (flags.recovery_password_file.empty())
    return RecoveryPassword{base64url_encode(crypto::random_bytes(24)), true};
  auto text = TRY(read_small_file(flags.recovery_password_file));
  while (text.ends_with('\n')) text.pop_back();
  return RecoveryPassword{std::move(text)};
}

Result<> store_credentials(kube::Client& client, const kube::ObjectKey& key, std::stop_token stop) {
  auto keys = TRY(keys_from_environment());
  TRY(create_secret(client, key, key_entries(keys), std::move(stop)));
  return {};
}

api::BackupStorage storage_for(const StorageFlags& flags) {
  api::BackupStorage storage;
  storage.metadata.namespace_name = storage_namespace(flags.cluster);
  storage.metadata.name = flags.name;
  if (!flags.local.empty()) {
    storage.spec.backend.local = api::LocalBackend{flags.local};
  } else {
    storage.spec.backend.s3 = flags.s3;
    storage.spec.credential_secret = api::LocalReference{flags.name + "-credentials"};
  }
  storage.spec.recovery_password_secret = {.name = flags.name + "-recovery"};
  storage.spec.is_default = flags.is_default;
  if (!flags.quota.empty()) storage.spec.quota = Quantity{flags.quota};
  if (flags.for_all) storage.spec.usage.namespaces = api::UsageScope::all;
  return storage;
}

/// The object once the controller says that it is ready.
Result<Json> wait_until_ready(kube::Client& client, const kube::ObjectKey& key,
                              std::stop_token stop) {
  const auto resource = api::kind_info<api::BackupStorage>().resource();
  while (system_clock().sleep(poll_period, stop)) {
    auto now = TRY(client.get(resource, key, stop));
    auto ready = kube::find_condition(now, "Ready");
    if (!ready) continue;
    if (ready->status == kube::ConditionStatus::yes) return now;
    return fail(ErrorCode::unavailable,
                "storage " + key.text() + " is not ready: " + ready->message);
  }
  return fail(ErrorCode::cancelled, "storage " + key.text() + " was added, but not yet tried");
}

Result<ExitCode> run_storage_add(const Connection& connection, const StorageFlags& flags,
                                 std::stop_token stop) {
  auto& client = *connection.client;
  auto storage = storage_for(flags);
  auto key = storage.metadata.key();
  bool is_saved = !flags.credential.empty();
  if (is_saved) {
    use_credential(storage,
                   TRY(load_credential(client, key.namespace_name, flags.credential, stop)));
  }
  // The object first, without effect: a mistake in it must not leave Secrets behind.
  auto tried = TRY(create(client, storage, kube::DryRun::yes, stop));
  if (flags.dry_run) {
    print(is_document(flags.format) ? format_object(tried, flags.format)
                                    : format_object(api::encode(storage), OutputFormat::yaml));
    return ExitCode::success;
  }
  auto password = TRY(recovery_password(flags));
  if (storage.spec.credential_secret && !is_saved)
    TRY(store_credentials(client, {key.namespace_name, storage.spec.credential_secret->name},
                          stop));
  TRY(create_secret(client, {key.namespace_name, storage.spec.recovery_password_secret.name},
                    {{"password", password.text}}, stop));
  TRY(create(client, storage, kube::DryRun::no, stop));
  if (password.is_new) {
    print_note(
        "recovery password (shown only now; with it and the storage every backup can be "
        "restored): " +
        password.text);
  }
  auto ready = TRY(wait_until_ready(client, key, stop));
  if (is_document(flags.format)) {
    print(format_object(ready, flags.format));
  } else {
    print_line("storage " + key.text() + " is ready. Next: dmaas protect");
  }
  return ExitCode::success;
}

}  // namespace

void add_storage_add_command(CLI::App& storage, CommandLine& line) {
  auto flags = std::make_shared<StorageFlags>();
  auto* command = storage.add_subcommand(
      "add",
      "Add a storage; S3 credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or are "
      "saved ones");
  add_cluster_flags(*command, flags->cluster);
  add_object_output_flag(*command, flags->format);
  command->add_option("name", flags->name, "Its name")->required()->type_name("NAME");
  auto* local = command->add_option("--local", flags->local, "A directory of the gateway's node")
                    ->type_name("DIRECTORY");
  command
      ->add_option("--credential", flags->credential,
                   "Saved credential, whose endpoint and region hold where none is given")
      ->excludes(local)
      ->type_name("CREDENTIAL");
  command->add_option("--bucket", flags->s3.bucket, "S3 bucket")->excludes(local);
  command->add_option("--endpoint", flags->s3.endpoint, "URL of the S3 service; empty for AWS");
  command->add_option("--region", flags->s3.region, "Region of the bucket");
  command->add_option("--prefix", flags->s3.prefix, "Path within the bucket");
  command->add_flag("--create-bucket", flags->s3.create_bucket,
                    "Make the bucket when it is absent");
  command
      ->add_option("--quota", flags->quota,
                   "How much all repositories on it may take together, such as 500Gi")
      ->type_name("SIZE");
  command->add_option("--recovery-password-file", flags->recovery_password_file,
                      "File with the recovery password; one is made and shown when absent");
  command->add_flag("--default", flags->is_default, "For plans that name no storage");
  command->add_flag("--all-namespaces", flags->for_all, "Plans of every namespace may use it");
  command->add_flag("--dry-run", flags->dry_run, "Only try it and print the object");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_storage_add(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
