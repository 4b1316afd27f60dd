#include "cli/cluster/credential.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "base/encoding.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/commands.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

constexpr std::size_t max_title = 24;
constexpr std::string_view session_token_key = "AWS_SESSION_TOKEN";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool may_be_in_title(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

JsonObject encoded(const JsonObject& entries) {
  JsonObject data;
  for (const auto& [key, value] : entries)
    data[key] = base64_encode(bytes_of(std::string_view(value.get_string())));
  return data;
}

void annotate(Json& object, const NewCredential& credential) {
  using namespace api::annotation;
  if (!credential.endpoint.empty()) kube::set_annotation(object, endpoint, credential.endpoint);
  if (!credential.region.empty()) kube::set_annotation(object, region, credential.region);
}

}  // namespace

std::string storage_namespace(const ClusterFlags& flags) {
  return flags.namespace_name.empty() ? std::string(api::default_system_namespace)
                                      : flags.namespace_name;
}

Result<> check_title(std::string_view title) {
  bool is_title = !title.empty() && title.size() <= max_title && is_letter(title.front()) &&
                  title.back() != '-' && std::ranges::all_of(title, may_be_in_title);
  if (is_title) return {};
  return fail(ErrorCode::invalid_input,
              fmt::format("'{}' cannot be the title of a credential: a title starts with a letter, "
                          "has letters, digits and hyphens, does not end with a hyphen, and is at "
                          "most {} characters long",
                          title, max_title));
}

Result<> check_place(const std::string& endpoint, const std::string& region) {
  // One rule for both: what is saved here is put into storages later.
  Json spec = JsonObject{
      {"backend", {{"s3", {{"bucket", "any-bucket"}, {"endpoint", endpoint}, {"region", region}}}}},
      {"recoveryPasswordSecretRef", {{"name", "any"}}}};
  TRY(from_json<api::BackupStorageSpec>(spec, "storage"));
  return {};
}

std::string credential_secret_name(std::string_view title) {
  return "credential-" + lower_case(title);
}

JsonObject key_entries(const storage::S3Credentials& keys) {
  JsonObject entries{{"AWS_ACCESS_KEY_ID", keys.access_key},
                     {"AWS_SECRET_ACCESS_KEY", keys.secret_key}};
  if (!keys.session_token.empty()) entries[session_token_key] = keys.session_token;
  return entries;
}

Json credential_secret(const std::string& namespace_name, const NewCredential& credential) {
  auto secret = kube::make_object(kube::resources::secrets(),
                                  {namespace_name, credential_secret_name(credential.title)});
  kube::set_label(secret, api::label::managed_by, "dmaas");
  kube::set_label(secret, api::label::credential, credential.title);
  annotate(secret, credential);
  secret.as_object()["data"] = encoded(key_entries(credential.keys));
  return secret;
}

Json credential_patch(const Credential& saved, const NewCredential& credential) {
  // The version that was looked at: nobody else's new keys are overwritten.
  Json patch = JsonObject{{"metadata", {{"resourceVersion", saved.resource_version}}}};
  annotate(patch, credential);
  auto data = encoded(key_entries(credential.keys));
  // A token of the keys of before would be sent with the new ones.
  if (!data.contains(session_token_key)) data[session_token_key] = nullptr;
  patch.as_object()["data"] = std::move(data);
  return patch;
}

Credential credential_of(const Json& secret) {
  return {.title = kube::label_of(secret, api::label::credential),
          .secret = kube::key_of(secret),
          .endpoint = kube::annotation_of(secret, api::annotation::endpoint),
          .region = kube::annotation_of(secret, api::annotation::region),
          .created = kube::creation_time_of(secret),
          .uid = kube::uid_of(secret),
          .resource_version = kube::resource_version_of(secret)};
}

const Credential* find_credential(const std::vector<Credential>& saved, std::string_view title) {
  auto found = std::ranges::find(saved, lower_case(title), [](const Credential& credential) {
    return lower_case(credential.title);
  });
  return found == saved.end() ? nullptr : &*found;
}

Result<> check_may_save(std::string_view title, const Credential* same, Saving saving) {
  if (same == nullptr) return {};
  auto exists = fmt::format("credential {} exists already in namespace {}", same->title,
                            same->secret.namespace_name);
  if (same->title != title) {
    // Also with --replace: the person may mean another one, whose storages would lose their keys.
    return fail(ErrorCode::already_exists,
                fmt::format("{}, and titles that differ only in case are the same: choose another "
                            "title than {}",
                            exists, title));
  }
  if (saving == Saving::replace) return {};
  return fail(ErrorCode::already_exists,
              exists + ": give --replace to put new keys into it, or choose another title");
}

std::vector<std::string> storages_using(const kube::ObjectKey& secret,
                                        const std::vector<Json>& storages) {
  std::vector<std::string> users;
  for (const auto& storage : storages) {
    bool uses_it = kube::namespace_of(storage) == secret.namespace_name &&
                   text_at(storage, "spec", "credentialSecretRef", "name") == secret.name;
    if (uses_it) users.push_back(kube::name_of(storage));
  }
  return users;
}

Result<> check_unused(const Credential& credential, const std::vector<std::string>& storages) {
  if (storages.empty()) return {};
  return fail(
      ErrorCode::invalid_input,
      fmt::format("credential {} is used by storages of namespace {}: {}; name another "
                  "Secret in their spec.credentialSecretRef, or delete them, first",
                  credential.title, credential.secret.namespace_name, fmt::join(storages, ", ")));
}

void use_credential(api::BackupStorage& storage, const Credential& credential) {
  storage.spec.credential_secret = api::LocalReference{credential.secret.name};
  if (!storage.spec.backend.s3) return;
  auto& s3 = *storage.spec.backend.s3;
  if (s3.endpoint.empty()) s3.endpoint = credential.endpoint;
  if (s3.region.empty()) s3.region = credential.region;
}

Json json_of(const Credential& credential, const std::vector<std::string>& storages) {
  JsonObject json{{"title", credential.title},
                  {"endpoint", credential.endpoint},
                  {"region", credential.region},
                  {"storages", JsonArray(storages.begin(), storages.end())}};
  if (credential.created) json["creationTime"] = format_seconds(*credential.created);
  return json;
}

Result<storage::S3Credentials> keys_from_environment() {
  auto keys = TRY(storage::storage_options_from_environment()).s3;
  if (keys.access_key.empty() || keys.secret_key.empty()) {
    return fail(ErrorCode::invalid_input,
                "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }
  return keys;
}

Result<std::vector<Credential>> list_credentials(kube::Client& client,
                                                 const std::string& namespace_name,
                                                 std::stop_token stop) {
  // Metadata alone: the keys stay in the cluster.
  kube::ListOptions options{.namespace_name = namespace_name,
                            .label_selector = std::string(api::label::credential),
                            .content = kube::Content::metadata};
  std::vector<Credential> credentials;
  for (const auto& secret :
       TRY(kube::list_all(client, kube::resources::secrets(), options, std::move(stop))))
    credentials.push_back(credential_of(secret));
  return credentials;
}

Result<Credential> load_credential(kube::Client& client, const std::string& namespace_name,
                                   const std::string& title, std::stop_token stop) {
  auto saved = TRY(list_credentials(client, namespace_name, std::move(stop)));
  if (const auto* found = find_credential(saved, title)) return *found;
  return fail(ErrorCode::not_found,
              fmt::format("there is no credential {0} in namespace {1}: 'dmaas credential list -n "
                          "{1}' shows those that there are, 'dmaas credential add' saves one",
                          title, namespace_name));
}

Result<std::vector<Json>> list_storages(kube::Client& client, const std::string& namespace_name,
                                        std::stop_token stop) {
  return kube::list_all(client, api::kind_info<api::BackupStorage>().resource(),
                        {.namespace_name = namespace_name}, std::move(stop));
}

void add_credential_commands(CLI::App& app, CommandLine& line) {
  auto* credential = app.add_subcommand(
      "credential", "Save keys of a provider under a title, for storages to use; none is shown");
  credential->require_subcommand(1);
  add_credential_add_command(*credential, line);
  add_credential_list_command(*credential, line);
  add_credential_remove_command(*credential, line);
}

}  // namespace dmaas::cli
