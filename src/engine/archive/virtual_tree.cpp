#include "engine/archive/virtual_tree.hpp"

#include <sys/stat.h>

#include <string_view>

namespace dmaas::engine {
namespace {

constexpr unsigned max_depth = 100;

Node directory_node(const std::string& name, const TreeId& tree) {
  Node node;
  node.name = name;
  node.type = NodeType::directory;
  node.mode = go_mode_of(S_IFDIR | 0755);
  node.subtree = tree;
  return node;
}

}  // namespace

VirtualTree::VirtualTree(ArchiveContext context) : context_(std::move(context)) {}

Result<> VirtualTree::add(const VirtualFile& file, std::stop_token stop) {
  Place* place = TRY(make_place(file.path));
  Node node;
  node.name = file.path.substr(file.path.rfind('/') + 1);
  node.mode = go_mode_of(S_IFREG | file.permissions);
  node.mtime = node.atime = node.ctime = file.mtime;
  node.size = file.content.size();
  node.content.emplace();
  for (BytesView rest = file.content; !rest.empty();) {
    auto chunk = rest.first(context_.repository.chunker().cut(rest));
    auto saved = TRY(context_.saver.save(BlobType::data, chunk, stop));
    context_.counters->count_blob(BlobType::data, saved, chunk.size());
    node.content->push_back(saved.id);
    rest = rest.subspan(chunk.size());
  }
  context_.counters->bytes_processed += node.size;
  context_.progress.bytes_done += node.size;
  ++context_.progress.files_done;
  place->file = std::move(node);
  return {};
}

Result<TreeId> VirtualTree::save(std::optional<TreeId> parent_root, std::stop_token stop) {
  return save_directory(root_, parent_root, stop);
}

/// The place of a new file; its directories are made.
Result<VirtualTree::Place*> VirtualTree::make_place(const std::string& path) {
  Place* place = &root_;
  bool is_new = false;
  unsigned depth = 0;
  std::string_view rest = path;
  if (!rest.starts_with('/'))
    return fail(ErrorCode::invalid_input, "path '" + path + "' does not begin with '/'");
  while (!rest.empty()) {
    rest.remove_prefix(1);
    auto name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(name.size());
    if (name.empty() || name == "." || name == ".." || ++depth > max_depth)
      return fail(ErrorCode::invalid_input,
                  "path '" + path + "' has an empty or special segment, or too many");
    if (place->file)
      return fail(ErrorCode::invalid_input, "path '" + path + "' goes through a file");
    auto [found, was_added] = place->places.try_emplace(std::string(name));
    if (was_added) found->second = std::make_unique<Place>();
    place = found->second.get();
    is_new = was_added;
  }
  if (!is_new) return fail(ErrorCode::invalid_input, "path '" + path + "' comes twice");
  return place;
}

Result<TreeId> VirtualTree::save_directory(const Place& directory,
                                           const std::optional<TreeId>& before,
                                           std::stop_token stop) {
  auto& counters = *context_.counters;
  ParentDirectory parent;
  if (before) parent = TRY(ParentDirectory::load(context_.repository, *before, nullptr, stop));
  TreeEncoder encoder;
  for (const auto& [name, place] : directory.places) {
    auto old = parent.take(name);
    if (place->file) {
      bool is_unmodified = old && old->content == place->file->content;
      (!old            ? counters.files_new
       : is_unmodified ? counters.files_unmodified
                       : counters.files_changed) += 1;
      TRY(encoder.add(*place->file));
      continue;
    }
    auto tree = TRY(save_directory(*place, old ? old->subtree : std::nullopt, stop));
    bool is_unmodified = old && old->subtree == tree;
    (!old            ? counters.dirs_new
     : is_unmodified ? counters.dirs_unmodified
                     : counters.dirs_changed) += 1;
    TRY(encoder.add(directory_node(name, tree)));
  }
  std::string text = encoder.take_text();
  auto saved = TRY(context_.saver.save(BlobType::tree, bytes_of(text), stop));
  counters.count_blob(BlobType::tree, saved, text.size());
  return TreeId{saved.id.digest};
}

}  // namespace dmaas::engine
