#include "mover/snapshot_files.hpp"

#include "engine/inspect/walk_tree.hpp"

namespace dmaas::mover {
namespace {

/// Objects of the API are below 3 MiB; a discovery document may be larger.
constexpr std::uint64_t max_file_bytes = 64 << 20;

}  // namespace

Result<> SnapshotFiles::each(const Visit& visit, std::stop_token stop) const {
  auto read_file = [&](const std::string& path,
                       const engine::Node& node) -> Result<engine::Descend> {
    if (node.type == engine::NodeType::file) {
      auto content = TRY(content_of(node, stop).context(path));
      TRY(visit(path, content));
    }
    return engine::Descend::yes;
  };
  return engine::walk_tree(repository_, root_, read_file, stop);
}

Result<std::string> SnapshotFiles::read(const std::string& path, std::stop_token stop) const {
  auto node = TRY(engine::find_node(repository_, root_, path, stop));
  return content_of(node, std::move(stop)).context(path);
}

Result<std::string> SnapshotFiles::content_of(const engine::Node& node,
                                              std::stop_token stop) const {
  if (!node.content) return fail(ErrorCode::corrupt, "not a file");
  if (node.size > max_file_bytes) return fail(ErrorCode::exhausted, "larger than any object");
  std::string content;
  content.reserve(node.size);
  for (const auto& blob : *node.content) {
    auto piece = TRY(repository_.load_blob(engine::data_blob(blob), stop));
    content += text_of(piece);
  }
  return content;
}

}  // namespace dmaas::mover
