#include "kube/client/kubeconfig.hpp"

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/yaml.hpp"
#include "kube/client/exec_plugin.hpp"

namespace dmaas::kube {
namespace {

constexpr std::string_view plugin_group = "client.authentication.k8s.io/";

/// One named entry of a kubeconfig with the folder its relative paths begin at.
struct Entry {
  Json value{};
  std::string directory{};
};

/// All files of a KUBECONFIG list merged: the first file that sets a value wins.
struct MergedConfig {
  std::map<std::string, Entry> clusters{};
  std::map<std::string, Entry> users{};
  std::map<std::string, Entry> contexts{};
  std::string current_context{};
  std::string sources{};  // for messages
};

void merge_entries(const Json& document, std::string_view list, std::string_view member,
                   const std::string& directory, std::map<std::string, Entry>& entries) {
  for (const auto& item : items_at(document, list)) {
    const Json* value = find(item, member);
    auto name = text_at(item, "name");
    if (value != nullptr && value->is_object()) entries.try_emplace(name, Entry{*value, directory});
  }
}

Result<> merge_file(const std::string& path, const std::string& text, MergedConfig& config) {
  auto document = TRY(parse_yaml(text).context(path));
  if (!document.is_object()) return fail(ErrorCode::invalid_input, path + ": not a kubeconfig");
  std::error_code ignored;
  auto directory = std::filesystem::absolute(path, ignored).parent_path().string();
  merge_entries(document, "clusters", "cluster", directory, config.clusters);
  merge_entries(document, "users", "user", directory, config.users);
  merge_entries(document, "contexts", "context", directory, config.contexts);
  if (config.current_context.empty()) config.current_context = text_at(document, "current-context");
  config.sources += (config.sources.empty() ? "" : ":") + path;
  return {};
}

std::string variable(const KubeconfigOptions& options, const std::string& name) {
  auto found = options.environment.find(name);
  return found == options.environment.end() ? "" : found->second;
}

std::vector<std::string> files_of(const KubeconfigOptions& options) {
  if (!options.path.empty()) return {options.path};
  std::vector<std::string> files;
  auto list = variable(options, "KUBECONFIG");
  for (std::size_t begin = 0; begin < list.size();) {
    auto end = std::min(list.find(':', begin), list.size());
    if (end > begin) files.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  if (files.empty()) files.push_back(variable(options, "HOME") + "/.kube/config");
  return files;
}

Result<MergedConfig> read_files(const KubeconfigOptions& options) {
  MergedConfig config;
  auto files = files_of(options);
  for (const auto& path : files) {
    auto text = read_small_file(path);
    bool may_miss = options.path.empty();  // kubectl passes over missing files of the list
    if (may_miss && text.failed_with(ErrorCode::not_found)) continue;
    if (!text) return fail(std::move(text).error().context("kubeconfig"));
    TRY(merge_file(path, *text, config));
  }
  if (config.sources.empty()) {
    return fail(ErrorCode::not_found,
                "no kubeconfig at " + files.front() + "; set KUBECONFIG or use --kubeconfig");
  }
  return config;
}

Result<const Entry*> entry_named(const std::map<std::string, Entry>& entries, std::string_view what,
                                 const std::string& name, const MergedConfig& config) {
  auto found = entries.find(name);
  if (found != entries.end()) return &found->second;
  return fail(ErrorCode::not_found,
              "kubeconfig " + config.sources + ": no " + std::string(what) + " \"" + name + "\"");
}

std::string beside(const Entry& entry, const std::string& path) {
  if (path.empty() || path.starts_with('/')) return path;
  return entry.directory + "/" + path;
}

/// FIELD-data in base64, else the content of the file FIELD names, else "".
Result<std::string> read_material(const Entry& entry, const std::string& field) {
  auto data = text_at(entry.value, field + "-data");
  if (!data.empty()) {
    auto bytes = base64_decode(data);
    if (!bytes) return fail(ErrorCode::invalid_input, field + "-data is not base64");
    return std::string(text_of(*bytes));
  }
  auto path = text_at(entry.value, field);
  if (path.empty()) return std::string();
  return read_small_file(beside(entry, path)).context(field);
}

Result<> read_cluster(const Entry& entry, ClusterAccess& access) {
  if (!text_at(entry.value, "proxy-url").empty()) {
    return fail(ErrorCode::unsupported, "proxy-url is not supported; set HTTPS_PROXY instead");
  }
  access.server = text_at(entry.value, "server");
  while (access.server.ends_with('/')) access.server.pop_back();
  if (!access.server.starts_with("https://") && !access.server.starts_with("http://")) {
    return fail(ErrorCode::invalid_input, "server must begin with https://");
  }
  access.ca_certificates = TRY(read_material(entry, "certificate-authority"));
  access.tls_server_name = text_at(entry.value, "tls-server-name");
  if (!flag_at(entry.value, "insecure-skip-tls-verify")) return {};
  if (!access.ca_certificates.empty()) {
    return fail(ErrorCode::invalid_input,
                "certificate-authority and insecure-skip-tls-verify exclude each other");
  }
  access.verify = ClusterAccess::Verify::nothing;
  return {};
}

/// The cluster as plugins with provideClusterInfo want to see it.
Json cluster_info(const Entry& cluster, const ClusterAccess& access) {
  JsonObject info{{"server", access.server}};
  if (!access.ca_certificates.empty()) {
    info["certificate-authority-data"] = base64_encode(bytes_of(access.ca_certificates));
  }
  if (!access.tls_server_name.empty()) info["tls-server-name"] = access.tls_server_name;
  if (access.verify == ClusterAccess::Verify::nothing) info["insecure-skip-tls-verify"] = true;
  for (const auto& extension : items_at(cluster.value, "extensions")) {
    const Json* config = find(extension, "extension");
    bool is_ours = text_at(extension, "name") == "client.authentication.k8s.io/exec";
    if (is_ours && config != nullptr) info["config"] = *config;
  }
  return info;
}

Result<ExecPlugin> decode_plugin(const Json& exec, const Entry& user,
                                 std::map<std::string, std::string> environment) {
  ExecPlugin plugin;
  plugin.api_version = text_at(exec, "apiVersion");
  if (plugin.api_version != std::string(plugin_group) + "v1" &&
      plugin.api_version != std::string(plugin_group) + "v1beta1") {
    return fail(ErrorCode::unsupported, "exec.apiVersion \"" + plugin.api_version +
                                            "\": only client.authentication.k8s.io/v1 and v1beta1");
  }
  plugin.command = text_at(exec, "command");
  if (plugin.command.empty()) return fail(ErrorCode::invalid_input, "exec.command is missing");
  if (plugin.command.find('/') != std::string::npos) plugin.command = beside(user, plugin.command);
  for (const auto& argument : items_at(exec, "args")) {
    if (argument.is_string()) plugin.arguments.emplace_back(argument.get_string());
  }
  plugin.environment = std::move(environment);
  for (const auto& one : items_at(exec, "env")) {
    plugin.environment[text_at(one, "name")] = text_at(one, "value");
  }
  plugin.install_hint = text_at(exec, "installHint");
  auto mode = text_at(exec, "interactiveMode");
  if (mode == "Never") plugin.interaction = ExecPlugin::Interaction::never;
  if (mode == "Always") plugin.interaction = ExecPlugin::Interaction::always;
  return plugin;
}

Result<std::shared_ptr<IdentitySource>> read_user(const Entry& user, const Entry& cluster,
                                                  const ClusterAccess& access,
                                                  const KubeconfigOptions& options, Clock& clock) {
  if (find(user.value, "auth-provider") != nullptr) {
    return fail(ErrorCode::unsupported,
                "auth-provider was removed from Kubernetes; use the provider's exec plugin");
  }
  Identity identity;
  identity.client_certificate = TRY(read_material(user, "client-certificate"));
  identity.client_key = TRY(read_material(user, "client-key"));
  identity.token = text_at(user.value, "token");
  identity.user_name = text_at(user.value, "username");
  identity.password = text_at(user.value, "password");
  if (auto path = text_at(user.value, "tokenFile"); !path.empty()) {
    return token_file_identity(beside(user, path), clock);
  }
  const Json* exec = find(user.value, "exec");
  bool has_own = !identity.token.empty() || !identity.client_certificate.empty();
  if (exec == nullptr || !exec->is_object() || has_own) return fixed_identity(std::move(identity));
  auto plugin = TRY(decode_plugin(*exec, user, options.environment));
  if (flag_at(*exec, "provideClusterInfo")) plugin.cluster = cluster_info(cluster, access);
  return plugin_identity(std::move(plugin), clock);
}

std::optional<Account> impersonated_account(const Json& user) {
  auto name = text_at(user, "as");
  if (name.empty()) return std::nullopt;
  Account account{name, {}};
  for (const auto& group : items_at(user, "as-groups")) {
    if (group.is_string()) account.groups.emplace_back(group.get_string());
  }
  return account;
}

}  // namespace

Result<ClusterAccess> load_kubeconfig(const KubeconfigOptions& options, Clock& clock) {
  auto config = TRY(read_files(options));
  ClusterAccess access;
  access.source = config.sources;
  access.context = options.context.empty() ? config.current_context : options.context;
  if (access.context.empty()) {
    return fail(ErrorCode::not_found,
                "kubeconfig " + config.sources + ": current-context is not set; use --context");
  }
  const auto* context = TRY(entry_named(config.contexts, "context", access.context, config));
  auto cluster_name = text_at(context->value, "cluster");
  auto user_name = text_at(context->value, "user");
  const auto* cluster = TRY(entry_named(config.clusters, "cluster", cluster_name, config));
  static const Entry anonymous{JsonObject{}, ""};
  const auto* user = &anonymous;
  if (!user_name.empty()) user = TRY(entry_named(config.users, "user", user_name, config));

  TRY(read_cluster(*cluster, access)
          .context("kubeconfig " + config.sources + ": cluster " + cluster_name));
  access.identity = TRY(read_user(*user, *cluster, access, options, clock)
                            .context("kubeconfig " + config.sources + ": user " + user_name));
  access.account = impersonated_account(user->value);
  auto namespace_name = text_at(context->value, "namespace");
  if (!options.namespace_name.empty()) namespace_name = options.namespace_name;
  if (!namespace_name.empty()) access.namespace_name = namespace_name;
  return access;
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view text(*entry);
    auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

}  // namespace dmaas::kube
