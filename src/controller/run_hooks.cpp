#include "controller/run_hooks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/references.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

constexpr std::size_t max_message_bytes = 300;
constexpr std::size_t max_output_bytes = 64 << 10;
constexpr std::chrono::seconds retry_pause{2};

std::string shortened(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  if (text.size() > max_message_bytes) text = "..." + text.substr(text.size() - max_message_bytes);
  return text;
}

/// Repeats what is unavailable, within the hook's timeout: that the API server restarts, or that a
/// node or a pod is not ready for a moment, must neither fail a session nor leave an application
/// quiesced.
template <class Attempt>
auto until_answered(const World& world, const api::ResolvedHook& hook, std::stop_token stop,
                    const Attempt& attempt) -> decltype(attempt()) {
  auto deadline = world.clock.monotonic() + hook.timeout;
  while (true) {
    auto result = attempt();
    bool may_help = result.failed_with(ErrorCode::unavailable) &&
                    world.clock.monotonic() + retry_pause < deadline;
    if (!may_help || !world.clock.sleep(retry_pause, stop)) return result;
  }
}

api::HookResult run_in_pod(const World& world, kube::Client& client, const api::ResolvedHook& hook,
                           const Json& pod, std::stop_token stop) {
  api::HookResult result{.name = hook.name, .pod = kube::name_of(pod)};
  kube::ExecRequest request{.pod = kube::key_of(pod),
                            .container = container_for(hook, pod),
                            .command = hook.exec.command};
  kube::ExecOptions options{
      .timeout = std::chrono::duration_cast<std::chrono::milliseconds>(hook.timeout),
      .max_output_bytes = max_output_bytes};
  auto executed = until_answered(world, hook, stop,
                                 [&] { return kube::execute(client, request, options, stop); });
  if (!executed) {
    result.message = executed.code() == ErrorCode::timeout
                         ? fmt::format("did not end within {} s: raise its timeout",
                                       hook.timeout / std::chrono::seconds{1})
                         : shortened(executed.error().message());
    return result;
  }
  result.succeeded = executed->exit_code == 0;
  auto said =
      executed->standard_error.empty() ? executed->standard_output : executed->standard_error;
  result.message = result.succeeded
                       ? shortened(executed->standard_output)
                       : fmt::format("exit code {}: {}", executed->exit_code, shortened(said));
  return result;
}

api::HookResult quiesce_pod(World& world, const api::ResolvedHook& hook, const Json& pod,
                            const HookOccasion& occasion, std::stop_token stop) {
  api::HookResult result{.name = hook.name, .pod = kube::name_of(pod)};
  if (occasion.stage != "before") {
    result.message = "only hooks before data is moved can hold an application still: remove undo";
    return result;
  }
  auto held =
      world.quiescence.hold(occasion.session_uid, world.client.impersonating(occasion.account),
                            hook, pod, std::move(stop));
  result.succeeded = result.quiesced = held.has_value();
  if (!held) result.message = shortened(held.error().message());
  return result;
}

Result<std::vector<Json>> load_pods(World& world, const std::vector<kube::ObjectKey>& keys,
                                    std::stop_token stop) {
  std::vector<Json> pods;
  for (const auto& key : keys)
    pods.push_back(TRY(world.client.get(kube::resources::pods(), key, stop)));
  return pods;
}

bool has_entered(const Json& pod, const HookOccasion& occasion) {
  return std::ranges::any_of(occasion.earlier,
                             [&](const auto& hook) { return hook.pod == kube::name_of(pod); });
}

bool may_enter(const Json& pod, const api::ResolvedHook& hook, const HookOccasion& occasion) {
  return is_ready_pod(pod) ||
         (has_entered(pod, occasion) && is_running(pod, container_for(hook, pod)));
}

/// Errors: unavailable (there are pods, and none is ready now), not_found (there is none).
Result<std::vector<Json>> pods_for(World& world, const api::ResolvedHook& hook,
                                   const HookOccasion& occasion, std::stop_token stop) {
  if (occasion.pods) return load_pods(world, *occasion.pods, std::move(stop));
  std::vector<Json> pods;
  for (const auto& target : occasion.targets) {
    if (!hook.exec.target.empty() && hook.exec.target != target.name) continue;
    for (auto& pod :
         TRY(pods_of(world, target, occasion.namespace_name, hook.exec.pod_selector, stop)))
      pods.push_back(std::move(pod));
  }
  auto code = pods.empty() ? ErrorCode::not_found : ErrorCode::unavailable;
  std::erase_if(pods, [&](const Json& pod) { return !may_enter(pod, hook, occasion); });
  if (pods.empty()) return fail(code, "no ready pod to run it in");
  std::ranges::stable_partition(pods, [&](const Json& pod) { return has_entered(pod, occasion); });
  if (hook.exec.pods == api::HookPods::one) pods.resize(1);
  return pods;
}

}  // namespace

HooksOutcome run_hooks(World& world, const std::vector<api::ResolvedHook>& hooks,
                       const HookOccasion& occasion, std::stop_token stop) {
  HooksOutcome outcome;
  auto client = world.client.impersonating(occasion.account);
  for (const auto& hook : hooks) {
    std::vector<api::HookResult> results;
    auto pods =
        until_answered(world, hook, stop, [&] { return pods_for(world, hook, occasion, stop); });
    if (!pods) results.push_back({.name = hook.name, .message = shortened(pods.error().message())});
    for (const auto& pod : pods.value_or(std::vector<Json>())) {
      results.push_back(hook.exec.quiesces() ? quiesce_pod(world, hook, pod, occasion, stop)
                                             : run_in_pod(world, *client, hook, pod, stop));
    }
    for (auto& result : results) {
      result.stage = occasion.stage;
      bool aborts = !result.succeeded && hook.on_failure == api::HookFailure::abort;
      if (aborts && outcome.abort_message.empty()) {
        outcome.abort_message =
            fmt::format("hook {} failed{}: {}", hook.name,
                        result.pod.empty() ? "" : " in pod " + result.pod, result.message);
      }
      outcome.results.push_back(std::move(result));
    }
    if (!outcome.abort_message.empty()) break;
  }
  return outcome;
}

bool ran_hooks(const std::vector<api::HookResult>& results, std::string_view stage) {
  return std::ranges::any_of(results, [&](const auto& hook) { return hook.stage == stage; });
}

std::size_t count_quiesced(const std::vector<api::HookResult>& results) {
  return static_cast<std::size_t>(std::ranges::count_if(results, &api::HookResult::quiesced));
}

bool owes_undo(const std::vector<api::HookResult>& results) {
  return count_quiesced(results) > 0 && !ran_hooks(results, "undo");
}

std::vector<api::HookResult> undo_hooks(World& world, const std::string& session_uid,
                                        const std::vector<api::HookResult>& results,
                                        std::stop_token stop) {
  auto released = world.quiescence.release(session_uid, std::move(stop));
  for (const auto& hook : results) {
    auto is_same = [&](const auto& undone) {
      return undone.name == hook.name && undone.pod == hook.pod;
    };
    if (!hook.quiesced || std::ranges::any_of(released, is_same)) continue;
    released.push_back({.name = hook.name,
                        .stage = "undo",
                        .pod = hook.pod,
                        .message = "the controller that held it still was lost: the pod undoes it "
                                   "by itself, at the latest after maxQuiesce"});
  }
  return released;
}

Json encode_outcome(const HooksOutcome& outcome) {
  JsonArray results;
  for (const auto& result : outcome.results) results.push_back(to_json(result));
  return JsonObject{{"results", std::move(results)}, {"abort", outcome.abort_message}};
}

HooksOutcome decode_outcome(const Json& json) {
  HooksOutcome outcome{.abort_message = text_at(json, "abort")};
  for (const auto& item : items_at(json, "results")) {
    if (auto result = from_json<api::HookResult>(item))
      outcome.results.push_back(std::move(*result));
  }
  return outcome;
}

}  // namespace dmaas::controller
