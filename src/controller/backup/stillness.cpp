#include "controller/backup/stillness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace dmaas::controller {
namespace {

/// What is read of one target.
struct TargetData {
  std::size_t volumes = 0;
  std::size_t dumps = 0;
  std::set<std::string> pods{};  // that use its volumes, "namespace/name"

  /// Without a pod nothing writes to a volume; a dump is read from a server that runs.
  bool can_move() const { return !pods.empty() || dumps > 0; }
};

std::map<std::string, TargetData> data_of(const std::vector<api::BackupTarget>& targets,
                                          const applications::Application& application) {
  std::map<std::string, TargetData> data;
  for (const auto& claim : application.claims) {
    if (!claim.is_bound()) continue;
    auto& of_target = data[claim.target];
    ++of_target.volumes;
    for (const auto& user : claim.users)
      of_target.pods.insert(claim.key.namespace_name + "/" + user.pod);
  }
  for (const auto& target : targets) {
    if (!target.dumps.empty()) data[target.name].dumps += target.dumps.size();
  }
  return data;
}

bool is_one_dump(const std::map<std::string, TargetData>& data) {
  return data.size() == 1 && data.begin()->second.volumes == 0 && data.begin()->second.dumps == 1;
}

/// Why a target moves; "" when hooks hold it.
std::string why_moving(const std::string& target, const TargetData& data, std::size_t target_count,
                       const std::vector<api::ResolvedHook>& before) {
  std::size_t held = 0;
  for (const auto& hook : before) {
    const auto& exec = hook.exec;
    bool is_meant = exec.target == target || exec.target.empty();
    if (!exec.quiesces() || !is_meant) continue;
    if (exec.pods == api::HookPods::all) return "";
    // Of several targets it takes the first pod only, whichever that is.
    bool takes_one_of_it = !exec.target.empty() || target_count == 1;
    held += takes_one_of_it ? 1 : 0;
  }
  auto needed = std::max<std::size_t>(data.pods.size(), 1);
  if (held >= needed) return "";
  if (held == 0) return "no hook holds it still";
  return fmt::format("hooks hold {} of its {} pods still: say pods: all", held, needed);
}

}  // namespace

Stillness judge_stillness(const std::vector<api::BackupTarget>& targets,
                          const applications::Application& application,
                          const std::vector<api::ResolvedHook>& before) {
  Stillness stillness;
  auto data = data_of(targets, application);
  stillness.is_group = data.size() > 1;
  if (is_one_dump(data)) return stillness;
  for (const auto& [target, of_target] : data) {
    if (!of_target.can_move()) continue;
    auto why = why_moving(target, of_target, targets.size(), before);
    if (!why.empty()) stillness.moving.push_back(fmt::format("target {}: {}", target, why));
  }
  return stillness;
}

std::string describe_moving(const Stillness& stillness) {
  if (stillness.moving.empty()) return "";
  return fmt::format("not of one point in time: {}", fmt::join(stillness.moving, "; "));
}

std::string find_moving_pod(const applications::Application& application,
                            const std::vector<api::ResolvedHook>& before,
                            const std::vector<api::HookResult>& results) {
  std::set<std::string> held;
  for (const auto& hook : before) {
    if (!hook.exec.quiesces()) continue;
    for (const auto& result : results) {
      if (result.name != hook.name || result.stage != "before") continue;
      if (!result.quiesced)
        return fmt::format("hook {} did not hold pod {} still: {}", hook.name, result.pod,
                           result.message);
      held.insert(result.pod);
    }
  }
  for (const auto& claim : application.claims) {
    if (!claim.is_bound()) continue;
    for (const auto& user : claim.users) {
      if (!held.contains(user.pod))
        return fmt::format("pod {}/{} uses claim {} and was not held still",
                           claim.key.namespace_name, user.pod, claim.key.name);
    }
  }
  return "";
}

}  // namespace dmaas::controller
