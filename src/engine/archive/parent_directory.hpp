#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/archive/tree_prefetch.hpp"
#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::engine {

/// What the parent backup has of one directory, read in step with the walk. Used by one thread.
class ParentDirectory {
public:
  /// Nothing of it.
  ParentDirectory() = default;
  /// A tree that cannot be loaded counts as nothing: its files are then read again, which also
  /// mends the next backup. Errors: cancelled.
  /// With `prefetch`, which outlives it, the directories in it are loaded ahead.
  static Result<ParentDirectory> load(Repository& repository, const TreeId& tree,
                                      TreePrefetch* prefetch, std::stop_token stop);

  /// The node of this name; names are asked for in ascending order.
  std::optional<Node> take(std::string_view name);
  std::size_t entry_count() const { return nodes_.size(); }

private:
  void look_ahead();

  std::vector<Node> nodes_;
  std::size_t next_ = 0;
  TreePrefetch* prefetch_ = nullptr;
  std::size_t looked_at_ = 0;  // all nodes before this one
  std::deque<std::pair<std::size_t, TreePrefetch::Expectation>> expected_;  // with their nodes
};

}  // namespace dmaas::engine
