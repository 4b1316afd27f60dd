#include "mover/snapshot_files.hpp"

#include "engine/inspect/walk_tree.hpp"

namespace dmaas::mover {
namespace {

/// Objects of the API are below 3 MiB; a discovery document may be larger.
constexpr std::uint64_t max_file_bytes = 64 << 20;

}  // namespace

Result<std::unique_ptr<SnapshotFiles>> SnapshotFiles::open(engine::Repository& repository,
                                                           const engine::TreeId& root,
                                                           std::stop_token stop) {
  std::unique_ptr<SnapshotFiles> files(new SnapshotFiles(repository));
  auto note = [&](const std::string& path, const engine::Node& node) -> Result<engine::Descend> {
    if (node.type != engine::NodeType::file) return engine::Descend::yes;
    if (!node.content) return fail(ErrorCode::corrupt, path + ": not a file");
    const auto& file = files->files_.emplace_back(path, *node.content, node.size);
    files->by_path_.emplace(file.path, &file);
    return engine::Descend::yes;
  };
  TRY(engine::walk_tree(repository, root, note, std::move(stop)));
  return files;
}

Result<> SnapshotFiles::each(const Visit& visit, std::stop_token stop) const {
  for (const auto& file : files_) {
    auto content = TRY(content_of(file, stop).context(file.path));
    TRY(visit(file.path, content));
  }
  return {};
}

Result<std::string> SnapshotFiles::read(const std::string& path, std::stop_token stop) const {
  auto found = by_path_.find(path);
  if (found == by_path_.end()) return fail(ErrorCode::not_found, path + " is not in the backup");
  return content_of(*found->second, std::move(stop)).context(path);
}

Result<std::string> SnapshotFiles::content_of(const File& file, std::stop_token stop) const {
  if (file.size > max_file_bytes) return fail(ErrorCode::exhausted, "larger than any object");
  std::string content;
  content.reserve(file.size);
  for (const auto& blob : file.content) {
    auto piece = TRY(repository_.load_blob(engine::data_blob(blob), stop));
    content += text_of(piece);
  }
  return content;
}

}  // namespace dmaas::mover
