#include "engine/archive/parent_directory.hpp"

#include <algorithm>

namespace dmaas::engine {
namespace {

/// Directories of one directory that are loaded ahead: enough that the walk does not wait, few
/// enough that many levels find room.
constexpr std::size_t max_expected = 4;

}  // namespace

Result<ParentDirectory> ParentDirectory::load(Repository& repository, const TreeId& tree,
                                              TreePrefetch* prefetch, std::stop_token stop) {
  ParentDirectory directory;
  directory.prefetch_ = prefetch;
  if (prefetch != nullptr) {
    if (auto nodes = prefetch->take(tree)) {
      directory.nodes_ = std::move(*nodes);
      directory.look_ahead();
      return directory;
    }
  }
  auto text = repository.load_blob(tree_blob(tree), stop);
  if (text.failed_with(ErrorCode::cancelled)) return fail(std::move(text).error());
  if (!text) return directory;
  if (auto nodes = decode_tree(*text)) directory.nodes_ = std::move(*nodes);
  directory.look_ahead();
  return directory;
}

std::optional<Node> ParentDirectory::take(std::string_view name) {
  while (next_ < nodes_.size() && nodes_[next_].name < name) ++next_;
  std::optional<Node> node;
  if (next_ < nodes_.size() && nodes_[next_].name == name) node = std::move(nodes_[next_++]);
  looked_at_ = std::max(looked_at_, next_);
  // What was passed over is not asked for any more, but for the node that is returned.
  while (!expected_.empty() && expected_.front().first + 1 < next_) expected_.pop_front();
  look_ahead();
  return node;
}

void ParentDirectory::look_ahead() {
  if (prefetch_ == nullptr) return;
  for (; looked_at_ < nodes_.size() && expected_.size() < max_expected; ++looked_at_) {
    const auto& subtree = nodes_[looked_at_].subtree;
    if (!subtree) continue;
    if (auto expected = prefetch_->expect(*subtree))
      expected_.emplace_back(looked_at_, std::move(*expected));
  }
}

}  // namespace dmaas::engine
