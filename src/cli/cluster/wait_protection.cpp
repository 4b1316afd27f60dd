#include "cli/cluster/wait_protection.hpp"

#include <fmt/format.h>

#include "api/labels.hpp"
#include "base/time_text.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/cluster/readable_policies.hpp"
#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

/// What a pipeline has just applied may not have been looked at yet.
constexpr std::chrono::seconds failure_patience{10};

}  // namespace

WaitState judge_protection(const Json& object) {
  auto state = kube::annotation_of(object, api::annotation::protection);
  auto message = kube::annotation_of(object, api::annotation::protection_message);
  if (state.empty()) return {Waiting::goes_on, "no plan or policy protects it (yet)"};
  if (state == "Ready") return {Waiting::is_done, message};
  auto waiting = state == "Failed" ? Waiting::is_hopeless : Waiting::goes_on;
  return {waiting, fmt::format("protection is {}: {}", state, message)};
}

Result<ExitCode> wait_for_protection(const Connection& connection, const std::string& kind,
                                     const std::string& name, std::chrono::nanoseconds timeout,
                                     std::stop_token stop) {
  auto& client = *connection.client;
  auto target = TRY(find_policy_target(client, kind, {connection.namespace_name, name}, stop));
  auto text = target.text();
  auto deadline = system_clock().monotonic() + timeout;
  auto hopeful = system_clock().monotonic();
  while (true) {
    auto found = client.get(target.resource, target.key, stop);
    bool may_come =
        found.failed_with(ErrorCode::not_found) || (!found && is_retryable(found.code()));
    if (!found && !may_come) return fail(std::move(found).error());
    auto judged =
        found ? judge_protection(*found) : WaitState{Waiting::goes_on, found.error().message()};
    auto now = system_clock().monotonic();
    if (judged.state == Waiting::is_done) {
      print_line(text + ": " + judged.message);
      return ExitCode::success;
    }
    if (judged.state != Waiting::is_hopeless) hopeful = now;
    if (now - hopeful > failure_patience)
      return fail(ErrorCode::internal, text + ": " + judged.message);
    if (now > deadline) {
      return fail(ErrorCode::timeout, fmt::format("{}: not after {}: {}", text,
                                                  format_duration(timeout), judged.message));
    }
    if (!system_clock().sleep(poll_period, stop))
      return fail(ErrorCode::cancelled, text + ": " + judged.message);
  }
}

}  // namespace dmaas::cli
