#include "engine/archive/parent_directory.hpp"

namespace dmaas::engine {

Result<ParentDirectory> ParentDirectory::load(Repository& repository, const TreeId& tree,
                                              std::stop_token stop) {
  ParentDirectory directory;
  auto text = repository.load_blob(tree_blob(tree), stop);
  if (text.failed_with(ErrorCode::cancelled)) return fail(std::move(text).error());
  if (!text) return directory;
  if (auto nodes = decode_tree(*text)) directory.nodes_ = std::move(*nodes);
  return directory;
}

std::optional<Node> ParentDirectory::take(std::string_view name) {
  while (next_ < nodes_.size() && nodes_[next_].name < name) ++next_;
  if (next_ == nodes_.size() || nodes_[next_].name != name) return std::nullopt;
  return std::move(nodes_[next_++]);
}

}  // namespace dmaas::engine
