#include "kube/client/exec_plugin.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <mutex>
#include <optional>

#include "base/file.hpp"
#include "base/time_text.hpp"

namespace dmaas::kube {
namespace {

constexpr std::size_t max_output_bytes = 1 << 20;
constexpr std::chrono::seconds expiry_margin{10};
constexpr std::chrono::milliseconds poll_period{50};  // how soon a stop is noticed

/// A child process with a pipe from its standard output; killed and reaped at the end of its scope.
class ChildProcess {
public:
  ChildProcess(pid_t pid, FileDescriptor output) : pid_(pid), output_(std::move(output)) {}
  ChildProcess(ChildProcess&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), output_(std::move(other.output_)) {}
  ~ChildProcess() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  int output() const { return output_.get(); }
  /// Blocks; the exit code, or 128 and the signal.
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

private:
  pid_t pid_;
  FileDescriptor output_;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_of(const ExecPlugin& plugin, const std::string& info) {
  std::vector<std::string> environment;
  for (const auto& [name, value] : plugin.environment) environment.push_back(name + "=" + value);
  environment.push_back("KUBERNETES_EXEC_INFO=" + info);
  return environment;
}

std::string exec_info(const ExecPlugin& plugin, bool interactive) {
  JsonObject spec{{"interactive", interactive}};
  if (!plugin.cluster.is_null()) spec["cluster"] = plugin.cluster;
  return to_text(JsonObject{
      {"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}});
}

/// The program's path by the PATH of the plugin's environment, which posix_spawnp would not look
/// at.
Result<std::string> find_program(const ExecPlugin& plugin) {
  auto missing = [&] {
    auto hint = plugin.install_hint.empty() ? "" : "; " + plugin.install_hint;
    return fail(ErrorCode::not_found,
                "credential plugin \"" + plugin.command + "\" is not installed" + hint);
  };
  if (plugin.command.find('/') != std::string::npos) {
    if (::access(plugin.command.c_str(), X_OK) != 0) return missing();
    return plugin.command;
  }
  auto path = plugin.environment.find("PATH");
  std::string_view rest = path == plugin.environment.end() ? "/usr/bin:/bin" : path->second;
  while (!rest.empty()) {
    auto end = std::min(rest.find(':'), rest.size());
    auto candidate = std::string(rest.substr(0, end)) + "/" + plugin.command;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return missing();
}

Result<ChildProcess> start(const ExecPlugin& plugin, bool interactive) {
  auto program = TRY(find_program(plugin));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(system_error("pipe", errno));
  FileDescriptor output{ends[0]};
  FileDescriptor input{ends[1]};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.get(), STDOUT_FILENO);
  if (!interactive) {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  std::vector<std::string> words{plugin.command};
  words.insert(words.end(), plugin.arguments.begin(), plugin.arguments.end());
  auto environment = environment_of(plugin, exec_info(plugin, interactive));
  pid_t pid = -1;
  int error = ::posix_spawn(&pid, program.c_str(), &actions, nullptr, pointers_to(words).data(),
                            pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(system_error("start credential plugin " + program, error));
  return ChildProcess(pid, std::move(output));
}

/// Everything the child prints until it closes its output.
Result<std::string> read_output(const ExecPlugin& plugin, ChildProcess& child, Clock& clock,
                                std::stop_token stop) {
  auto deadline = clock.monotonic() + plugin.timeout;
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "credential plugin: stopped");
    if (clock.monotonic() > deadline) {
      return fail(ErrorCode::timeout,
                  "credential plugin \"" + plugin.command + "\" did not answer in time");
    }
    pollfd descriptor{child.output(), POLLIN, 0};
    if (::poll(&descriptor, 1, static_cast<int>(poll_period.count())) <= 0) continue;
    auto count = ::read(child.output(), buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count < 0 && errno != EINTR) return fail(system_error("credential plugin", errno));
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > max_output_bytes) {
      return fail(ErrorCode::invalid_input,
                  "credential plugin \"" + plugin.command + "\" printed over 1 MiB");
    }
  }
}

Result<PluginCredential> run_plugin(const ExecPlugin& plugin, Clock& clock, std::stop_token stop) {
  bool terminal = ::isatty(STDIN_FILENO) == 1;
  if (plugin.interaction == ExecPlugin::Interaction::always && !terminal) {
    return fail(ErrorCode::unsupported,
                "credential plugin \"" + plugin.command + "\" asks questions; run on a terminal");
  }
  bool interactive = terminal && plugin.interaction != ExecPlugin::Interaction::never;
  auto child = TRY(start(plugin, interactive));
  auto output = TRY(read_output(plugin, child, clock, stop));
  int exit_code = child.wait();
  if (exit_code != 0) {
    return fail(ErrorCode::permission_denied, "credential plugin \"" + plugin.command +
                                                  "\" failed with exit code " +
                                                  std::to_string(exit_code));
  }
  return parse_exec_credential(output, plugin.api_version)
      .context("credential plugin \"" + plugin.command + "\"");
}

class PluginIdentity final : public IdentitySource {
public:
  PluginIdentity(ExecPlugin plugin, Clock& clock) : plugin_(std::move(plugin)), clock_(clock) {}

  Result<Identity> current(std::stop_token stop) override {
    std::lock_guard lock{mutex_};  // one run at a time serves all who wait
    bool is_good = credential_ &&
                   (!credential_->expires || clock_.now() + expiry_margin < *credential_->expires);
    if (!is_good) credential_ = TRY(run_plugin(plugin_, clock_, stop));
    return credential_->identity;
  }

  void forget() override {
    std::lock_guard lock{mutex_};
    credential_.reset();
  }

private:
  const ExecPlugin plugin_;
  Clock& clock_;
  std::mutex mutex_;
  std::optional<PluginCredential> credential_;
};

}  // namespace

Result<PluginCredential> parse_exec_credential(std::string_view output,
                                               const std::string& api_version) {
  auto document = parse_json(output);
  // The parser's message could quote the output, which is a secret.
  if (!document || text_at(*document, "kind") != "ExecCredential") {
    return fail(ErrorCode::invalid_input, "printed no ExecCredential");
  }
  if (text_at(*document, "apiVersion") != api_version) {
    return fail(ErrorCode::invalid_input, "printed " + text_at(*document, "apiVersion") +
                                              " but the kubeconfig says " + api_version);
  }
  PluginCredential credential;
  credential.identity.token = text_at(*document, "status", "token");
  credential.identity.client_certificate = text_at(*document, "status", "clientCertificateData");
  credential.identity.client_key = text_at(*document, "status", "clientKeyData");
  bool has_certificate = !credential.identity.client_certificate.empty();
  if (has_certificate == credential.identity.client_key.empty()) {
    return fail(ErrorCode::invalid_input, "printed a certificate without key or the reverse");
  }
  if (credential.identity.token.empty() && !has_certificate) {
    return fail(ErrorCode::invalid_input, "printed neither a token nor a certificate");
  }
  auto expires = text_at(*document, "status", "expirationTimestamp");
  if (!expires.empty()) credential.expires = TRY(parse_timestamp(expires));
  return credential;
}

std::shared_ptr<IdentitySource> plugin_identity(ExecPlugin plugin, Clock& clock) {
  return std::make_shared<PluginIdentity>(std::move(plugin), clock);
}

}  // namespace dmaas::kube
