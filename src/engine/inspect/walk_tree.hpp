#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/format/node.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::engine {

enum class Descend { yes, no };

/// Visits every node below a tree in order of path: a directory before what it holds. `path` begins
/// with '/'. `visit` decides whether to go into a directory. An error of `visit` ends the walk.
/// Holds one decoded tree for each level of depth. Needs a loaded index. Errors: corrupt, not_found
/// (a tree is missing), exhausted (over 2,000 levels).
using VisitNode = std::function<Result<Descend>(const std::string& path, const Node& node)>;
Result<> walk_tree(Repository& repository, const TreeId& root, const VisitNode& visit,
                   std::stop_token stop);

/// The node at an absolute path. Errors: not_found.
Result<Node> find_node(Repository& repository, const TreeId& root, std::string_view path,
                       std::stop_token stop);

/// Visits every distinct tree below `roots` once, in any order, on several threads at a time.
/// `visit` gets the tree and its nodes one by one and must be thread-safe. `unreadable` is told of
/// trees that cannot be loaded, and the walk goes on; an error of either ends it. Where `skips` is
/// given and says so, a subtree is not entered.
struct TreeVisitor {
  std::function<Result<>(const TreeId& tree, const Node& node)> visit;
  std::function<Result<>(const TreeId& tree, const Error& error)> unreadable;
  std::function<bool(const TreeId& tree)> skips = {};
};
Result<> visit_distinct_trees(Repository& repository, const std::vector<TreeId>& roots,
                              const TreeVisitor& visitor, std::stop_token stop);

}  // namespace dmaas::engine
