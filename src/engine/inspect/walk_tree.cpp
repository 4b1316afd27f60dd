#include "engine/inspect/walk_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "base/task_group.hpp"

namespace dmaas::engine {
namespace {

constexpr std::size_t max_depth = 2000;

class PathWalk {
public:
  PathWalk(Repository& repository, const VisitNode& visit, std::stop_token stop)
      : repository_(repository), visit_(visit), stop_(std::move(stop)) {}

  Result<> enter(const TreeId& tree, const std::string& path, std::size_t depth) {
    if (depth > max_depth)
      return fail(ErrorCode::exhausted, path + ": directories nested too deeply");
    if (stop_.stop_requested()) return fail(ErrorCode::cancelled, "walk stopped");
    auto text = TRY(repository_.load_blob(tree_blob(tree), stop_).context("tree of " + path + "/"));
    return for_each_node(text, [&](Node&& node) -> Result<> {
      auto node_path = path + "/" + node.name;
      auto descend = TRY(visit_(node_path, node));
      if (node.type != NodeType::directory || descend == Descend::no) return {};
      if (!node.subtree) return fail(ErrorCode::corrupt, node_path + ": directory without a tree");
      return enter(*node.subtree, node_path, depth + 1);
    });
  }

private:
  Repository& repository_;
  const VisitNode& visit_;
  std::stop_token stop_;
};

/// Trees that still have to be visited; empty and nobody working means done.
class TreeFrontier {
public:
  explicit TreeFrontier(const std::vector<TreeId>& roots) { add(roots); }

  void add(const std::vector<TreeId>& trees) {
    std::lock_guard lock{mutex_};
    for (const auto& tree : trees) {
      if (seen_.insert(tree).second) pending_.push_back(tree);
    }
    changed_.notify_all();
  }

  std::optional<TreeId> take(std::stop_token stop) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, stop, [&] { return !pending_.empty() || working_ == 0; });
    if (pending_.empty() || stop.stop_requested()) return std::nullopt;
    auto tree = pending_.back();  // depth first keeps the list short
    pending_.pop_back();
    ++working_;
    return tree;
  }

  void finish() {
    std::lock_guard lock{mutex_};
    --working_;
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::unordered_set<TreeId> seen_;
  std::vector<TreeId> pending_;
  std::size_t working_ = 0;
};

Result<> visit_one(Repository& repository, const TreeId& tree, const TreeVisitor& visitor,
                   TreeFrontier& frontier, std::stop_token stop) {
  auto text = repository.load_blob(tree_blob(tree), stop);
  if (!text) {
    if (text.code() == ErrorCode::cancelled) return fail(text.error());
    return visitor.unreadable(tree, text.error());
  }
  std::vector<TreeId> children;
  bool visitor_failed = false;
  auto visited = for_each_node(*text, [&](Node&& node) -> Result<> {
    bool enters = node.subtree && !(visitor.skips && visitor.skips(*node.subtree));
    if (enters) children.push_back(*node.subtree);
    auto result = visitor.visit(tree, node);
    visitor_failed = !result;
    return result;
  });
  frontier.add(children);
  if (visited || visitor_failed) return visited;
  return visitor.unreadable(tree, visited.error());
}

}  // namespace

Result<> walk_tree(Repository& repository, const TreeId& root, const VisitNode& visit,
                   std::stop_token stop) {
  return PathWalk{repository, visit, std::move(stop)}.enter(root, "", 0);
}

Result<Node> find_node(Repository& repository, const TreeId& root, std::string_view path,
                       std::stop_token stop) {
  std::string wanted(path);
  while (wanted.size() > 1 && wanted.ends_with('/')) wanted.pop_back();
  if (!wanted.starts_with('/')) wanted.insert(0, "/");
  if (wanted == "/") {
    Node node;
    node.type = NodeType::directory;
    node.subtree = root;
    return node;
  }
  std::optional<Node> found;
  auto visit = [&](const std::string& current, const Node& node) -> Result<Descend> {
    if (current == wanted) found = node;
    bool is_above = wanted.starts_with(current + "/");
    return is_above && !found ? Descend::yes : Descend::no;
  };
  TRY(walk_tree(repository, root, visit, std::move(stop)));
  if (!found) return fail(ErrorCode::not_found, fmt::format("{} is not in the snapshot", wanted));
  return std::move(*found);
}

Result<> visit_distinct_trees(Repository& repository, const std::vector<TreeId>& roots,
                              const TreeVisitor& visitor, std::stop_token stop) {
  TreeFrontier frontier{roots};
  TaskGroup group{std::move(stop)};
  unsigned threads =
      std::max({2u, std::thread::hardware_concurrency(), repository.store().connections()});
  for (unsigned i = 0; i < threads; ++i) {
    group.add([&](std::stop_token stopped) -> Result<> {
      while (auto tree = frontier.take(stopped)) {
        auto visited = visit_one(repository, *tree, visitor, frontier, stopped);
        frontier.finish();
        TRY(visited);
      }
      if (stopped.stop_requested()) return fail(ErrorCode::cancelled, "walk stopped");
      return {};
    });
  }
  return group.wait();
}

}  // namespace dmaas::engine
