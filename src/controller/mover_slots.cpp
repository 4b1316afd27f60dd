#include "controller/mover_slots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

/// Who has not asked again for so long does not want any more.
constexpr auto longest_pause = 3 * poll_period;

/// What movers share a limit with a wanted one.
struct Pool {
  bool (*has)(const MoverDemand& wanted, const MoverDemand& other);
  std::int32_t limit;
  std::string text;
};

std::vector<Pool> pools_of(const MoverDemand& wanted, const MoverLimits& limits) {
  std::vector<Pool> pools{
      {[](const MoverDemand& a, const MoverDemand& b) { return b.uses(a.storage); },
       wanted.max_on_storage, "storage " + wanted.storage}};
  if (!wanted.source.empty()) {
    pools.push_back({[](const MoverDemand& a, const MoverDemand& b) { return b.uses(a.source); },
                     wanted.max_on_source, "storage " + wanted.source});
  }
  if (limits.on_node > 0 && !wanted.node.empty()) {
    pools.push_back({[](const MoverDemand& a, const MoverDemand& b) { return a.node == b.node; },
                     limits.on_node, "node " + wanted.node});
  }
  if (limits.in_cluster > 0) {
    pools.push_back({[](const MoverDemand&, const MoverDemand&) { return true; }, limits.in_cluster,
                     "this cluster"});
  }
  return pools;
}

std::ptrdiff_t free_in(const Pool& pool, const MoverDemand& wanted,
                       const std::vector<MoverDemand>& working) {
  return pool.limit -
         std::ranges::count_if(working, [&](const auto& other) { return pool.has(wanted, other); });
}

std::ptrdiff_t count_of(const std::vector<MoverDemand>& working,
                        const std::string& namespace_name) {
  return std::ranges::count(working, namespace_name, &MoverDemand::namespace_name);
}

}  // namespace

std::string reason_to_wait(const MoverDemand& wanted, const MoverLimits& limits,
                           const std::vector<MoverDemand>& working,
                           const std::vector<MoverDemand>& waiting) {
  auto full_pool = [&](const MoverDemand& demand) -> std::optional<Pool> {
    for (auto& pool : pools_of(demand, limits)) {
      if (free_in(pool, demand, working) <= 0) return std::move(pool);
    }
    return std::nullopt;
  };
  if (auto full = full_pool(wanted))
    return fmt::format("waiting: {} movers work on {}", full->limit, full->text);
  auto own_count = count_of(working, wanted.namespace_name);
  std::vector<MoverDemand> ahead;
  for (const auto& other : waiting) {
    bool is_ahead = other.id != wanted.id && count_of(working, other.namespace_name) < own_count;
    if (is_ahead && !full_pool(other)) ahead.push_back(other);
  }
  for (const auto& pool : pools_of(wanted, limits)) {
    auto before =
        std::ranges::count_if(ahead, [&](const auto& other) { return pool.has(wanted, other); });
    if (before >= free_in(pool, wanted, working))
      return fmt::format("waiting: namespaces with fewer movers go first on {}", pool.text);
  }
  return "";
}

std::string MoverSlots::take(const MoverDemand& wanted) {
  std::lock_guard lock{mutex_};
  auto now = clock_.monotonic();
  std::erase_if(waiting_,
                [&](const auto& entry) { return now - entry.second.asked > longest_pause; });
  std::vector<MoverDemand> waiting;
  for (const auto& [id, entry] : waiting_) waiting.push_back(entry.demand);
  auto reason = reason_to_wait(
      wanted, {.in_cluster = settings_.max_movers, .on_node = settings_.max_movers_per_node},
      working(), waiting);
  if (reason.empty()) {
    waiting_.erase(wanted.id);
    starting_[wanted.id] = wanted;
  } else {
    waiting_[wanted.id] = {wanted, now};
  }
  return reason;
}

void MoverSlots::settle(const std::string& id, const std::string& pod_uid) {
  std::lock_guard lock{mutex_};
  auto started = starting_.extract(id);
  if (!started.empty() && !pod_uid.empty()) nodes_[pod_uid] = started.mapped().node;
  auto granted = grants_.pods();
  std::erase_if(nodes_, [&](const auto& entry) { return !granted.contains(entry.first); });
}

std::vector<MoverDemand> MoverSlots::working() const {
  auto nodes = nodes_;
  for (const auto& pod : mover_pods_.all()) {
    if (auto node = text_at(*pod, "spec", "nodeName"); !node.empty())
      nodes[kube::uid_of(*pod)] = node;
  }
  std::vector<MoverDemand> working;
  std::string last_pod;
  for (const auto& grant : grants_.all()) {
    // Those of one pod follow each other: it is one mover, which works on two storages.
    if (grant.pod_uid == std::exchange(last_pod, grant.pod_uid)) {
      working.back().source = grant.storage;
      continue;
    }
    // "kind/namespace/name"
    auto first = grant.session.find('/');
    auto namespace_name =
        first == std::string::npos
            ? std::string()
            : grant.session.substr(first + 1, grant.session.rfind('/') - first - 1);
    auto node = nodes.find(grant.pod_uid);
    working.push_back({.id = {},
                       .namespace_name = std::move(namespace_name),
                       .storage = grant.storage,
                       .node = node == nodes.end() ? "" : node->second});
  }
  for (const auto& [id, demand] : starting_) working.push_back(demand);
  return working;
}

}  // namespace dmaas::controller
