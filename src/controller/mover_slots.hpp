#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "controller/grants.hpp"
#include "controller/settings.hpp"
#include "kube/runtime/store.hpp"

namespace dmaas::controller {

/// A mover that works or is wanted, as far as limits are concerned.
struct MoverDemand {
  std::string id{};              // of one that is wanted; the same each time it asks
  std::string namespace_name{};  // of its session
  std::string storage{};         // "namespace/name"
  std::string node{};            // "": not known
  std::int32_t max_on_storage = 1;
  std::string source{};  // of a copy: the storage that it reads; ""
  std::int32_t max_on_source = 1;

  bool uses(const std::string& some_storage) const {
    return storage == some_storage || (!source.empty() && source == some_storage);
  }
};

/// Of all sessions together; 0: no limit.
struct MoverLimits {
  std::int32_t in_cluster = 0;
  std::int32_t on_node = 0;
};

/// Why a mover may not start now; "" when it may. Where fewer may start than wait, the namespace in
/// which the fewest work goes first: 200 volumes of one team do not hold up the one of another. Who
/// waits for something else holds up nobody. Pure.
std::string reason_to_wait(const MoverDemand& wanted, const MoverLimits& limits,
                           const std::vector<MoverDemand>& working,
                           const std::vector<MoverDemand>& waiting);

/// Hands out the places for movers. What works is what has a grant. Thread-safe.
class MoverSlots {
public:
  MoverSlots(const Settings& settings, const Grants& grants, const kube::Store& mover_pods,
             Clock& clock)
      : settings_(settings), grants_(grants), mover_pods_(mover_pods), clock_(clock) {}

  /// As reason_to_wait; when it is "", a place is taken until `settle`.
  std::string take(const MoverDemand& wanted);
  /// The place is now that of this pod's grant, or free again when there is no pod ("").
  void settle(const std::string& id, const std::string& pod_uid);

private:
  struct Waiting {
    MoverDemand demand;
    std::chrono::nanoseconds asked{0};  // monotonic
  };
  std::vector<MoverDemand> working() const;

  const Settings& settings_;
  const Grants& grants_;
  const kube::Store& mover_pods_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, MoverDemand> starting_;  // by id
  std::map<std::string, Waiting> waiting_;       // by id
  std::map<std::string, std::string> nodes_;  // by uid of pods that the local copies may not show
};

}  // namespace dmaas::controller
