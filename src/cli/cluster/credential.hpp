#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "api/backup_storage.hpp"
#include "base/clock.hpp"
#include "cli/cluster/connection.hpp"
#include "storage/open.hpp"

/// Keys of a provider that people save once under a title and reuse by it: a Secret beside the
/// storages. Titles that differ only in case are the same, because names of Secrets have no case.
namespace dmaas::cli {

/// What is told of a saved credential. The keys are not even asked for.
struct Credential {
  std::string title{};
  kube::ObjectKey secret{};
  std::string endpoint{};  // "": AWS
  std::string region{};    // "": of the bucket
  std::optional<Timestamp> created{};
  std::string uid{};
  std::string resource_version{};
};

/// What a person gives to be saved.
struct NewCredential {
  std::string title{};
  std::string endpoint{};
  std::string region{};
  storage::S3Credentials keys{};
};

/// Where storages of the command and their credentials are: of the flag, else the system namespace.
std::string storage_namespace(const ClusterFlags& flags);

// Pure.

/// Errors: invalid_input, which states the rule.
Result<> check_title(std::string_view title);
/// Errors: invalid_input; endpoint and region as a BackupStorage takes them.
Result<> check_place(const std::string& endpoint, const std::string& region);
std::string credential_secret_name(std::string_view title);
/// Entries of a Secret with the keys, not encoded.
JsonObject key_entries(const storage::S3Credentials& keys);
/// The Secret to be made.
Json credential_secret(const std::string& namespace_name, const NewCredential& credential);
/// The merge patch that puts new keys into a saved credential; endpoint and region stay unless they
/// are given.
Json credential_patch(const Credential& saved, const NewCredential& credential);
Credential credential_of(const Json& secret);
/// The one of that title in whatever case; null when there is none.
const Credential* find_credential(const std::vector<Credential>& saved, std::string_view title);

enum class Saving { once, replace };
/// Whether keys may be saved under `title` beside `same`, which is null or has that title in
/// whatever case. Errors: already_exists.
Result<> check_may_save(std::string_view title, const Credential* same, Saving saving);

/// Names of those among `storages`, which may be of any namespace, that use the Secret.
std::vector<std::string> storages_using(const kube::ObjectKey& secret,
                                        const std::vector<Json>& storages);
/// Errors: invalid_input, which names the storages that use it.
Result<> check_unused(const Credential& credential, const std::vector<std::string>& storages);
/// The storage reads the credential's Secret; where it says nothing of endpoint or region, these
/// are the credential's.
void use_credential(api::BackupStorage& storage, const Credential& credential);

/// One entry of `credential list`.
Json json_of(const Credential& credential, const std::vector<std::string>& storages);

// What follows asks the environment or the cluster.

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Errors: invalid_input.
Result<storage::S3Credentials> keys_from_environment();
Result<std::vector<Credential>> list_credentials(kube::Client& client,
                                                 const std::string& namespace_name,
                                                 std::stop_token stop);
/// Errors: not_found, which names the command that lists them.
Result<Credential> load_credential(kube::Client& client, const std::string& namespace_name,
                                   const std::string& title, std::stop_token stop);
/// As documents: one that this version cannot decode uses its credential, too.
Result<std::vector<Json>> list_storages(kube::Client& client, const std::string& namespace_name,
                                        std::stop_token stop);

// Commands below `dmaas credential`, one file each.
void add_credential_add_command(CLI::App& credential, CommandLine& line);
void add_credential_list_command(CLI::App& credential, CommandLine& line);
void add_credential_remove_command(CLI::App& credential, CommandLine& line);

}  // namespace dmaas::cli
