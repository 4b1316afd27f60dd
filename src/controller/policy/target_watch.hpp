#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "applications/policy/policy_target.hpp"
#include "kube/client/client.hpp"
#include "kube/runtime/store.hpp"

namespace dmaas::controller {

/// What policies may protect: metadata of namespaces and of the workloads of the kinds that they
/// name. Watches nothing until it is told to. Used by one thread.
class TargetWatch {
public:
  /// `changed` is called on other threads after every change but those of status alone. Both must
  /// outlive it.
  TargetWatch(kube::Client& client, std::function<void()> changed);
  /// Ends all watches.
  ~TargetWatch();

  /// Watches these kinds and no others.
  void watch_only(const std::set<kube::Resource>& resources);
  /// The kinds of which it is not known yet what there is.
  std::set<kube::Resource> unknown() const;
  /// Without those that are being deleted.
  std::vector<applications::PolicyTarget> targets_of(const kube::Resource& resource) const;

private:
  struct Watched {
    kube::Store store{};
    std::jthread thread{};
  };

  kube::Client& client_;
  std::function<void()> changed_;
  std::map<kube::Resource, std::unique_ptr<Watched>> watched_;
};

}  // namespace dmaas::controller
