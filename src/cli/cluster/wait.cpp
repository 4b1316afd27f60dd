// dmaas wait
#include "cli/cluster/wait.hpp"

#include <fmt/format.h>

#include <memory>

#include "base/time_text.hpp"
#include "cli/cluster/commands.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/kind_names.hpp"
#include "cli/cluster/objects.hpp"
#include "cli/cluster/wait_protection.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

bool is_session(const api::KindInfo& kind) {
  return kind.kind.ends_with("Session");
}

std::string phase_of(const Json& object) {
  auto phase = text_at(object, "status", "phase");
  return phase.empty() ? text_at(object, "status", "stage") : phase;
}

WaitState judge_condition(const Json& object, const Awaited& awaited) {
  constexpr std::array texts{"False", "True", "Unknown"};
  auto condition = kube::find_condition(object, awaited.name);
  if (!condition) return {Waiting::goes_on, "it has no condition " + awaited.name + " yet"};
  std::string status = texts[static_cast<std::size_t>(condition->status)];
  if (status == awaited.value) return {Waiting::is_done, condition->message};
  return {Waiting::goes_on, fmt::format("{} is {}: {}", awaited.name, status, condition->message)};
}

WaitState judge_end(const Json& object) {
  auto phase = phase_of(object);
  auto message = text_at(object, "status", "message");
  if (phase == "Succeeded") return {Waiting::is_done, message};
  if (phase == "Failed" || phase == "Cancelled")
    return {Waiting::is_hopeless, fmt::format("it {}: {}", phase, message)};
  return {Waiting::goes_on, fmt::format("it is {}", phase.empty() ? "not started" : phase)};
}

struct WaitFlags {
  ClusterFlags cluster;
  std::string kind;
  std::string name;
  std::string awaited;
  std::string timeout = "10m";
};

/// For a workload or a namespace.
Result<ExitCode> wait_for_other(const Connection& connection, const WaitFlags& flags,
                                std::chrono::nanoseconds timeout, std::stop_token stop) {
  auto slash = flags.kind.find('/');
  auto name = slash == std::string::npos ? flags.name : flags.kind.substr(slash + 1);
  if (name.empty()) return fail(ErrorCode::invalid_input, "say what to wait for: KIND/NAME");
  return wait_for_protection(connection, flags.kind.substr(0, slash), name, timeout,
                             std::move(stop));
}

Result<ExitCode> run_wait(const Connection& connection, const WaitFlags& flags,
                          std::stop_token stop) {
  auto timeout = TRY(parse_duration(flags.timeout).context("--timeout"));
  auto parsed = parse_object_name(flags.kind, flags.name);
  if (!parsed && flags.awaited.empty()) return wait_for_other(connection, flags, timeout, stop);
  auto wanted = TRY(std::move(parsed));
  if (wanted.name.empty()) return fail(ErrorCode::invalid_input, "say what to wait for: KIND/NAME");
  auto awaited = TRY(parse_awaited(flags.awaited, *wanted.kind));
  auto& client = *connection.client;
  auto key = key_in(*wanted.kind, connection.namespace_name, wanted.name);
  auto text = singular_word(*wanted.kind) + " " + key.text();
  auto deadline = system_clock().monotonic() + timeout;
  auto found = find_or_list(client, *wanted.kind, key, stop);
  while (true) {
    bool is_gone = found.failed_with(ErrorCode::not_found);
    if (is_gone && awaited.what != Awaited::What::deletion) return fail(std::move(found).error());
    if (!found && !is_gone && !is_retryable(found.code())) return fail(std::move(found).error());
    auto judged = found || is_gone ? judge(found ? &*found : nullptr, awaited)
                                   : WaitState{Waiting::goes_on, found.error().message()};
    if (judged.state == Waiting::is_done) {
      print_line(text + (judged.message.empty() ? ": done" : ": " + judged.message));
      return ExitCode::success;
    }
    if (judged.state == Waiting::is_hopeless)
      return fail(ErrorCode::internal, text + ": " + judged.message);
    if (system_clock().monotonic() > deadline) {
      return fail(ErrorCode::timeout,
                  fmt::format("{}: not after {}: {}", text, flags.timeout, judged.message));
    }
    if (!system_clock().sleep(poll_period, stop))
      return fail(ErrorCode::cancelled, text + ": " + judged.message);
    found = client.get(wanted.kind->resource(), key, stop);
  }
}

}  // namespace

Result<Awaited> parse_awaited(const std::string& text, const api::KindInfo& kind) {
  using What = Awaited::What;
  if (text.empty()) return is_session(kind) ? Awaited{} : Awaited{What::condition, "Ready", "True"};
  if (text == "delete") return Awaited{What::deletion, "", ""};
  auto equals = text.find('=');
  auto head = text.substr(0, equals);
  auto rest = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (head == "phase" && !rest.empty()) return Awaited{What::phase, "", rest};
  if (equals == std::string::npos) return Awaited{What::condition, text, "True"};
  if (head != "condition" || rest.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("--for is a condition such as Ready, condition=Ready=False, "
                            "phase=Moving or delete, not '{}'",
                            text));
  }
  auto second = rest.find('=');
  return Awaited{What::condition, rest.substr(0, second),
                 second == std::string::npos ? "True" : rest.substr(second + 1)};
}

WaitState judge(const Json* object, const Awaited& awaited) {
  if (object == nullptr) return {Waiting::is_done, "it is gone"};
  switch (awaited.what) {
    case Awaited::What::deletion:
      return {Waiting::goes_on, "it is still there"};
    case Awaited::What::condition:
      return judge_condition(*object, awaited);
    case Awaited::What::phase:
      return {phase_of(*object) == awaited.value ? Waiting::is_done : Waiting::goes_on,
              "it is " + phase_of(*object)};
    case Awaited::What::end:
      return judge_end(*object);
  }
  return {};
}

void add_wait_command(CLI::App& app, CommandLine& line) {
  auto flags = std::make_shared<WaitFlags>();
  auto* command = app.add_subcommand("wait",
                                     "Wait until a session is over, an object is ready or a "
                                     "workload is protected; exit code 1 when "
                                     "it is not");
  add_cluster_flags(*command, flags->cluster);
  command->add_option("kind", flags->kind, "KIND/NAME, such as plan/shop or statefulset/mariadb")
      ->required()
      ->type_name("KIND");
  command->add_option("name", flags->name, "The name, unless it follows the kind")
      ->type_name("NAME");
  command
      ->add_option("--for", flags->awaited,
                   "A condition (Ready, condition=Ready=False), phase=NAME, or delete (default: "
                   "the end of a session, the protection of a workload, else Ready)")
      ->type_name("WHAT");
  command->add_option("--timeout", flags->timeout, "Give up after so long, such as 90s or 1h")
      ->type_name("DURATION")
      ->capture_default_str();
  command->callback([&line, flags] {
    line.chosen = [flags](std::stop_token stop) {
      return on_cluster(flags->cluster, stop, [&](const Connection& connection) {
        return run_wait(connection, *flags, stop);
      });
    };
  });
}

}  // namespace dmaas::cli
