#include "cli/program.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "cli/cluster/commands.hpp"
#include "cli/command.hpp"
#include "cli/completion/tree.hpp"
#include "cli/repo/repo.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"

namespace dmaas::cli {
namespace {

/// Turns SIGINT and SIGTERM into a stop request. Blocks them in every thread started after it; made
/// first thing in main.
class SignalWatch {
public:
  SignalWatch() {
    ::signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    thread_ = std::jthread{[this] { wait(); }};
  }
  ~SignalWatch() { ::pthread_kill(thread_.native_handle(), SIGTERM); }
  std::stop_token token() const { return stop_.get_token(); }

private:
  void wait() {
    int signal = 0;
    ::sigwait(&signals_, &signal);
    stop_.request_stop();
    ::pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

  sigset_t signals_{};
  std::stop_source stop_;
  std::jthread thread_;
};

ExitCode exit_code_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::locked:
      return ExitCode::locked;
    case ErrorCode::wrong_key:
      return ExitCode::wrong_password;
    case ErrorCode::cancelled:
      return ExitCode::interrupted;
    default:
      return ExitCode::failure;
  }
}

void add_role(CLI::App& app, CommandLine& line, const Role& role) {
  auto* command = app.add_subcommand(role.name, role.text)->group(role_group);
  auto values = std::make_shared<RoleArguments>();
  for (const auto& option : role.options) {
    auto& value = (*values)[option.name];
    if (!option.default_value.empty()) value = {option.default_value};
    auto* added =
        command->add_option("--" + option.name, value, option.text)->capture_default_str();
    if (option.count == RoleOption::Count::one) added->expected(1);
    if (option.need == RoleOption::Need::required) added->required();
  }
  command->callback([&line, values, &role] {
    line.chosen = [values, &role](std::stop_token stop) -> Result<ExitCode> {
      TRY(role.run(*values, stop));
      return ExitCode::success;
    };
  });
}

int run_command(const Command& command, std::stop_token stop) {
  auto result = command(std::move(stop));
  if (result) return static_cast<int>(*result);
  print_note(fmt::format("{}: {}", result.code() == ErrorCode::cancelled ? "stopped" : "error",
                         result.error().message()));
  return static_cast<int>(exit_code_of(result.error()));
}

}  // namespace

int run_program(int argument_count, char** arguments, const std::vector<Role>& roles) {
  SignalWatch signals;
  CLI::App app{"Backs up stateful applications of Kubernetes and brings them back anywhere.",
               "dmaas"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(program_version()));
  app.footer(
      "Exit codes: 0 success; 1 failure; 2 wrong usage; 3 done, but something could not be read or "
      "restored;\n10 no repository; 11 repository is locked; 12 wrong password; 130 interrupted "
      "(sessions go on in the cluster).");
  app.failure_message(CLI::FailureMessage::help);
  CommandLine line;
  add_cluster_commands(app, line);
  add_repo_commands(app, line);
  add_completion_command(app, line);
  for (const auto& role : roles) add_role(app, line, role);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    bool is_help = error.get_exit_code() == 0;
    app.exit(error);
    return is_help ? 0 : static_cast<int>(ExitCode::usage);
  }
  return run_command(line.chosen, signals.token());
}

}  // namespace dmaas::cli
