#include "engine/archive/tree_prefetch.hpp"

namespace dmaas::engine {

TreePrefetch::TreePrefetch(Repository& repository)
    : repository_(repository), thread_([this](std::stop_token stop) { run(stop); }) {}

std::optional<TreePrefetch::Expectation> TreePrefetch::expect(const TreeId& tree) {
  const auto location = repository_.find_blob(tree_blob(tree));
  if (!location || location->plain_length() > max_tree_bytes) return std::nullopt;
  {
    std::lock_guard lock{mutex_};
    if (entries_.size() >= max_trees || !entries_.try_emplace(tree).second) return std::nullopt;
    queue_.push_back(tree);
  }
  changed_.notify_all();
  return Expectation{*this, tree};
}

std::optional<std::vector<Node>> TreePrefetch::take(const TreeId& tree) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] {
    auto entry = entries_.find(tree);
    return entry == entries_.end() || entry->second.state != State::loading;
  });
  std::optional<std::vector<Node>> nodes;
  auto entry = entries_.find(tree);
  if (entry == entries_.end()) return nodes;
  // When loading has not begun yet, the caller is as fast.
  if (entry->second.state == State::loaded) nodes = std::move(entry->second.nodes);
  entries_.erase(entry);
  return nodes;
}

void TreePrefetch::forget(const TreeId& tree) {
  std::lock_guard lock{mutex_};
  auto entry = entries_.find(tree);
  if (entry == entries_.end()) return;
  if (entry->second.state == State::loading) {
    entry->second.is_wanted = false;
  } else {
    entries_.erase(entry);
  }
}

void TreePrefetch::run(std::stop_token stop) {
  std::unique_lock lock{mutex_};
  while (changed_.wait(lock, stop, [&] { return !queue_.empty(); })) {
    const TreeId tree = queue_.front();
    queue_.pop_front();
    auto entry = entries_.find(tree);
    if (entry == entries_.end() || entry->second.state != State::queued) continue;
    entry->second.state = State::loading;
    lock.unlock();
    auto nodes = load(tree, stop);
    lock.lock();
    entry = entries_.find(tree);  // others may have moved it
    entry->second.state = nodes ? State::loaded : State::failed;
    if (nodes) entry->second.nodes = std::move(*nodes);
    if (!entry->second.is_wanted) entries_.erase(entry);
    changed_.notify_all();
  }
}

std::optional<std::vector<Node>> TreePrefetch::load(const TreeId& tree, std::stop_token stop) {
  auto text = repository_.load_blob(tree_blob(tree), stop);
  if (!text) return std::nullopt;
  auto nodes = decode_tree(*text);
  if (!nodes) return std::nullopt;
  return std::move(*nodes);
}

}  // namespace dmaas::engine
