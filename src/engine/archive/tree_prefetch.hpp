#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::engine {

/// Loads and decodes small trees on a thread of its own before a walk asks for them, while the walk
/// waits for the file system. Only a hint: whoever finds nothing here loads the tree itself, and
/// meets its errors. Thread-safe. Memory: `max_trees` trees of at most `max_tree_bytes` of text.
class TreePrefetch {
public:
  static constexpr std::size_t max_trees = 64;
  static constexpr std::uint32_t max_tree_bytes = 64 << 10;

  /// Keeps a tree here until it is taken, or not wanted any longer.
  class Expectation {
  public:
    Expectation(TreePrefetch& prefetch, const TreeId& tree) : prefetch_(&prefetch), tree_(tree) {}
    Expectation(Expectation&& other) noexcept
        : prefetch_(std::exchange(other.prefetch_, nullptr)), tree_(other.tree_) {}
    Expectation& operator=(Expectation&& other) noexcept {
      std::swap(prefetch_, other.prefetch_);
      std::swap(tree_, other.tree_);
      return *this;
    }
    ~Expectation() {
      if (prefetch_ != nullptr) prefetch_->forget(tree_);
    }

  private:
    TreePrefetch* prefetch_;
    TreeId tree_;
  };

  /// `repository` outlives it, and it every expectation.
  explicit TreePrefetch(Repository& repository);

  /// Nothing when there is no room, the tree is too large, or it is expected already.
  std::optional<Expectation> expect(const TreeId& tree);
  /// The tree's nodes, if they were expected and could be loaded. Waits while they are being
  /// loaded.
  std::optional<std::vector<Node>> take(const TreeId& tree);

private:
  enum class State { queued, loading, loaded, failed };
  struct Entry {
    State state = State::queued;
    bool is_wanted = true;
    std::vector<Node> nodes;
  };

  void forget(const TreeId& tree);
  void run(std::stop_token stop);
  std::optional<std::vector<Node>> load(const TreeId& tree, std::stop_token stop);

  Repository& repository_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<TreeId> queue_;
  std::unordered_map<TreeId, Entry> entries_;
  std::jthread thread_;
};

}  // namespace dmaas::engine
