#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::engine {

enum class Change {
  added,
  removed,
  content,   // other bytes
  metadata,  // same bytes, other mode, owner, times or attributes
  type,      // a file became a directory, say
};

struct TreeDifference {
  Change change;
  std::string path;
  const Node* before;  // null when added
  const Node* after;   // null when removed
};

/// Reports differences in order of path; equal subtrees are skipped without being read. What is
/// below an added or removed directory is reported too. Needs a loaded index.
using OnDifference = std::function<Result<>(const TreeDifference&)>;
Result<> diff_trees(Repository& repository, const TreeId& before, const TreeId& after,
                    const OnDifference& report, std::stop_token stop);

}  // namespace dmaas::engine
