#include "cli/cluster/follow_standby.hpp"

#include <fmt/format.h>

#include <mutex>

#include "base/fields.hpp"
#include "cli/cluster/follow.hpp"
#include "cli/terminal.hpp"

namespace dmaas::cli {
namespace {

bool is_seen(const api::Standby& standby) {
  return standby.status.observed_generation == standby.metadata.generation;
}

std::string line_of(const api::Standby& standby) {
  const auto& status = standby.status;
  return fmt::format("{}  {}", name_of(status.phase), status.message);
}

/// For a pipe: a percentage that grows is no news.
bool is_news(const std::string& line) {
  return !line.ends_with('%');
}

}  // namespace

bool has_reached(const api::Standby& standby, StandbyGoal goal) {
  const auto& status = standby.status;
  if (!is_seen(standby) || status.work) return false;
  switch (goal) {
    case StandbyGoal::synced:
      return api::is_true(status.conditions, api::condition::synced);
    case StandbyGoal::active:
      return status.activation_time.has_value();
    case StandbyGoal::inactive:
      return !status.active;
  }
  return false;
}

std::string obstacle_to(const api::Standby& standby, StandbyGoal goal) {
  const auto& status = standby.status;
  if (!is_seen(standby) || status.work || has_reached(standby, goal)) return {};
  if (status.phase == api::StandbyPhase::failed) return status.message;
  bool is_kept =
      api::find_condition(status.conditions, api::condition::synced) != nullptr &&
      api::find_condition(status.conditions, api::condition::synced)->reason == "ChangesKept";
  return goal == StandbyGoal::synced && is_kept ? status.message : std::string();
}

Result<api::Standby> follow_standby(kube::Client& client, const kube::ObjectKey& key,
                                    StandbyGoal goal, std::stop_token stop) {
  std::mutex mutex;
  api::Standby seen;
  std::string told;
  ProgressLine live{[&] {
    std::lock_guard lock{mutex};
    return line_of(seen);
  }};
  auto answered = system_clock().monotonic();
  while (system_clock().sleep(poll_period, stop)) {
    auto document = client.get(api::kind_info<api::Standby>().resource(), key, stop);
    bool may_come_back = !document && is_retryable(document.code()) &&
                         system_clock().monotonic() - answered < follow_patience;
    if (may_come_back) continue;
    if (document.failed_with(ErrorCode::cancelled)) break;
    if (!document) return fail(std::move(document).error());
    auto standby = TRY(api::decode<api::Standby>(*document));
    answered = system_clock().monotonic();
    auto line = line_of(standby);
    bool is_told = standard_error_is_terminal() || line == told || !is_news(line);
    if (!is_told) print_note(line);
    if (!is_told) told = line;
    if (has_reached(standby, goal)) return standby;
    if (auto obstacle = obstacle_to(standby, goal); !obstacle.empty()) {
      return fail(ErrorCode::internal,
                  fmt::format("{} ('dmaas standby status {} -n {}' tells more)", obstacle, key.name,
                              key.namespace_name));
    }
    std::lock_guard lock{mutex};
    seen = std::move(standby);
  }
  return fail(ErrorCode::cancelled,
              fmt::format("standby {} goes on in the cluster: see 'dmaas standby status {} -n {}'",
                          key.text(), key.name, key.namespace_name));
}

}  // namespace dmaas::cli
