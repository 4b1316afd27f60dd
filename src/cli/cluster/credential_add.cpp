// dmaas credential add
#include <fmt/format.h>

#include <memory>

#include "cli/cluster/credential.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

struct CredentialFlags {
  ClusterFlags cluster;
  std::string title;
  std::string endpoint;
  std::string region;
  bool replace = false;
};

Result<NewCredential> given_credential(const CredentialFlags& flags) {
  TRY(check_title(flags.title));
  TRY(check_place(flags.endpoint, flags.region));
  auto keys = TRY(keys_from_environment());
  return NewCredential{flags.title, flags.endpoint, flags.region, std::move(keys)};
}

Result<> create_credential(kube::Client& client, const Json& secret, std::stop_token stop) {
  auto created = client.create(kube::resources::secrets(), secret, {}, std::move(stop));
  if (created.failed_with(ErrorCode::already_exists)) {
    return fail(ErrorCode::already_exists,
                fmt::format("Secret {} is there and is no credential that was saved by title: "
                            "choose another title",
                            kube::key_of(secret).text()));
  }
  TRY(std::move(created));
  return {};
}

Result<ExitCode> run_credential_add(const Connection& connection, const CredentialFlags& flags,
                                    std::stop_token stop) {
  auto& client = *connection.client;
  auto given = TRY(given_credential(flags));
  auto namespace_name = storage_namespace(flags.cluster);
  auto saved = TRY(list_credentials(client, namespace_name, stop));
  const auto* same = find_credential(saved, given.title);
  TRY(check_may_save(given.title, same, flags.replace ? Saving::replace : Saving::once));
  if (same == nullptr) {
    TRY(create_credential(client, credential_secret(namespace_name, given), stop));
    print_line(fmt::format(
        "credential {0} is saved. Next: dmaas storage add NAME --credential {0} --bucket BUCKET",
        given.title));
    return ExitCode::success;
  }
  kube::Patch patch{kube::PatchKind::merge, credential_patch(*same, given)};
  TRY(client.patch(kube::resources::secrets(), same->secret, patch, {}, stop));
  print_line(fmt::format("credential {} has new keys; storages that use it take them within 20 s",
                         given.title));
  return ExitCode::success;
}

}  // namespace

void add_credential_add_command(CLI::App& credential, CommandLine& line) {
  auto flags = std::make_shared<CredentialFlags>();
  auto* command = credential.add_subcommand(
      "add",
      "Save AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment");
  add_cluster_flags(*command, flags->cluster);
  command
      ->add_option("title", flags->title,
                   "Starts with a letter; letters, digits and hyphens, at most 24")
      ->required()
      ->type_name("TITLE");
  command->add_option("--endpoint", flags->endpoint,
                      "URL of the S3 service that takes the keys; empty for AWS");
  command->add_option("--region", flags->region, "Region of buckets that are used with the keys");
  command->add_flag("--replace", flags->replace, "Put new keys into one that there is");
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_credential_add(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
