#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

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
  static Result<ParentDirectory> load(Repository& repository, const TreeId& tree,
                                      std::stop_token stop);

  /// The node of this name; names are asked for in ascending order.
  std::optional<Node> take(std::string_view name);
  std::size_t entry_count() const { return nodes_.size(); }

private:
  std::vector<Node> nodes_;
  std::size_t next_ = 0;
};

}  // namespace dmaas::engine
