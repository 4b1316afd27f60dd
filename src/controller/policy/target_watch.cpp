#include "controller/policy/target_watch.hpp"

#include "kube/object/object.hpp"
#include "kube/runtime/controller.hpp"
#include "kube/runtime/watcher.hpp"

namespace dmaas::controller {

TargetWatch::TargetWatch(kube::Client& client, std::function<void()> changed)
    : client_(client), changed_(std::move(changed)) {}

TargetWatch::~TargetWatch() = default;

void TargetWatch::watch_only(const std::set<kube::Resource>& resources) {
  std::erase_if(watched_, [&](const auto& entry) { return !resources.contains(entry.first); });
  for (const auto& resource : resources) {
    auto& watched = watched_[resource];
    if (watched) continue;
    watched = std::make_unique<Watched>();
    watched->store.subscribe([this](const kube::Change& change) {
      if (kube::is_change_of_intent(change)) changed_();
    });
    watched->thread = std::jthread([this, resource, &store = watched->store](std::stop_token stop) {
      kube::WatcherOptions options;
      options.content = kube::Content::metadata;
      kube::run_watcher(client_, resource, options, store, std::move(stop));
    });
  }
}

std::set<kube::Resource> TargetWatch::unknown() const {
  std::set<kube::Resource> unknown;
  for (const auto& [resource, watched] : watched_) {
    if (!watched->store.is_synced()) unknown.insert(resource);
  }
  return unknown;
}

std::vector<applications::PolicyTarget> TargetWatch::targets_of(
    const kube::Resource& resource) const {
  std::vector<applications::PolicyTarget> targets;
  auto watched = watched_.find(resource);
  if (watched == watched_.end()) return targets;
  for (const auto& object : watched->second->store.all()) {
    if (kube::is_terminating(*object)) continue;
    targets.push_back(
        {resource, kube::key_of(*object), kube::labels_of(*object), kube::annotations_of(*object)});
  }
  return targets;
}

}  // namespace dmaas::controller
