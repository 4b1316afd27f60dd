#include "engine/inspect/diff_trees.hpp"

#include <vector>

namespace dmaas::engine {
namespace {

bool same_metadata(Node before, Node after) {
  // What a change of content or a repeated read alters by itself is no change of metadata.
  before.atime = after.atime;
  before.content = after.content;
  before.subtree = after.subtree;
  before.size = after.size;
  before.device_id = after.device_id;
  before.inode = after.inode;
  before.ctime = after.ctime;
  return before == after;
}

class Comparison {
public:
  Comparison(Repository& repository, const OnDifference& report, std::stop_token stop)
      : repository_(repository), report_(report), stop_(std::move(stop)) {}

  Result<> trees(const std::optional<TreeId>& before, const std::optional<TreeId>& after,
                 const std::string& path) {
    if (before == after) return {};
    auto old_nodes = TRY(nodes_of(before));
    auto new_nodes = TRY(nodes_of(after));
    auto a = old_nodes.begin();
    auto b = new_nodes.begin();
    while (a != old_nodes.end() || b != new_nodes.end()) {
      if (b == new_nodes.end() || (a != old_nodes.end() && a->name < b->name)) {
        TRY(one_sided(Change::removed, *a, path));
        ++a;
      } else if (a == old_nodes.end() || b->name < a->name) {
        TRY(one_sided(Change::added, *b, path));
        ++b;
      } else {
        TRY(both(*a++, *b++, path));
      }
    }
    return {};
  }

private:
  Result<std::vector<Node>> nodes_of(const std::optional<TreeId>& tree) {
    if (!tree) return std::vector<Node>{};
    if (stop_.stop_requested()) return fail(ErrorCode::cancelled, "comparison stopped");
    auto text = TRY(repository_.load_blob(tree_blob(*tree), stop_));
    return decode_tree(text);
  }

  Result<> one_sided(Change change, const Node& node, const std::string& directory) {
    auto path = directory + "/" + node.name;
    bool removed = change == Change::removed;
    TRY(report_({change, path, removed ? &node : nullptr, removed ? nullptr : &node}));
    if (!node.subtree) return {};
    return removed ? trees(node.subtree, std::nullopt, path)
                   : trees(std::nullopt, node.subtree, path);
  }

  Result<> both(const Node& before, const Node& after, const std::string& directory) {
    auto path = directory + "/" + after.name;
    if (before.type != after.type) {
      TRY(report_({Change::type, path, &before, &after}));
    } else if (before.content != after.content) {
      TRY(report_({Change::content, path, &before, &after}));
    } else if (!same_metadata(before, after)) {
      TRY(report_({Change::metadata, path, &before, &after}));
    }
    return trees(before.subtree, after.subtree, path);
  }

  Repository& repository_;
  const OnDifference& report_;
  std::stop_token stop_;
};

}  // namespace

Result<> diff_trees(Repository& repository, const TreeId& before, const TreeId& after,
                    const OnDifference& report, std::stop_token stop) {
  return Comparison{repository, report, std::move(stop)}.trees(before, after, "");
}

}  // namespace dmaas::engine
