#include "engine/inspect/used_blobs.hpp"

#include <mutex>

#include "engine/inspect/walk_tree.hpp"

namespace dmaas::engine {

Result<std::unordered_set<BlobHandle>> find_used_blobs(Repository& repository,
                                                       const std::vector<TreeId>& roots,
                                                       std::stop_token stop) {
  std::mutex mutex;
  std::unordered_set<BlobHandle> used;
  for (const auto& root : roots) used.insert(tree_blob(root));
  TreeVisitor visitor;
  visitor.visit = [&](const TreeId&, const Node& node) -> Result<> {
    std::lock_guard lock{mutex};
    if (node.subtree) used.insert(tree_blob(*node.subtree));
    if (!node.content) return {};
    for (const auto& id : *node.content) used.insert(data_blob(id));
    return {};
  };
  visitor.unreadable = [](const TreeId& tree, const Error& error) -> Result<> {
    return fail(Error(error).context("tree " + tree.short_hex()));
  };
  TRY(visit_distinct_trees(repository, roots, visitor, std::move(stop)));
  return used;
}

}  // namespace dmaas::engine
