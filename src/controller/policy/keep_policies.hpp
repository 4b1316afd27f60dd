#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "api/backup_policy.hpp"
#include "applications/policy/decide_policies.hpp"
#include "controller/policy/target_watch.hpp"
#include "controller/world.hpp"
#include "kube/client/discovery.hpp"

namespace dmaas::controller {

/// Makes the plans that policies want, takes away those that they do not want any more, and shows
/// in policies and on targets what became of it. One pass looks at everything and writes only what
/// differs, so it does not matter what came first. Backups of a plan that goes stay.
class PolicyKeeper {
public:
  explicit PolicyKeeper(World& world);

  /// Something has changed. Thread-safe.
  void wake();
  /// Passes until `stop`: soon after every change, and every minute.
  void run(std::stop_token stop);
  /// One pass. False: of some kinds it is not known yet what there is. Errors: of the API server;
  /// what could be done is done.
  Result<bool> pass(std::stop_token stop);

private:
  struct Scene {
    applications::PolicyScene scene{};
    std::set<kube::Resource> unknown{};
    std::set<std::string> broken{};  // policies that are no good: what they made stays
  };

  Result<Scene> look(std::stop_token stop);
  Result<std::set<kube::Resource>> watched_kinds(const std::vector<api::BackupPolicy>& policies,
                                                 std::stop_token stop);
  Result<> keep_plans(const Scene& scene, const applications::PolicyDecision& decision,
                      std::stop_token stop);
  Result<> keep_annotations(const Scene& scene, const applications::PolicyDecision& decision,
                            std::stop_token stop);
  /// Lets everybody read the policies that are not silent.
  Result<> keep_readers(std::stop_token stop);
  Result<> show_status(const api::BackupPolicy& policy, const applications::PolicyCounts& counts,
                       std::stop_token stop);

  World& world_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool is_due_ = true;
  std::optional<std::vector<std::string>> readable_;  // what keep_readers wrote last
  kube::Discovery discovery_;
  std::optional<std::chrono::nanoseconds> discovered_;  // when, by the clock that never goes back
  TargetWatch watch_;                                   // its threads call wake()
};

}  // namespace dmaas::controller
