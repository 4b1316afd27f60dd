#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

#include "base/metrics_text.hpp"
#include "controller/world.hpp"

namespace dmaas::controller {

/// Figures about plans, sessions, repositories and storages, made from what the stores hold at the
/// moment of asking. Docs: docs/metrics.md. Thread-safe.
class ClusterMetrics {
public:
  void write(const Stores& stores, MetricsText& text);

private:
  using EndedKey = std::tuple<std::string, std::string, std::string, std::string>;

  void count_ended(const Stores& stores);

  std::mutex mutex_;
  bool has_looked_ = false;
  std::set<std::string> seen_;               // uids of sessions that have ended
  std::map<EndedKey, std::uint64_t> ended_;  // by kind, namespace, plan, phase
};

}  // namespace dmaas::controller
