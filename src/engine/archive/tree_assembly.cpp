#include "engine/archive/tree_assembly.hpp"

#include <utility>

#include "base/bytes.hpp"

namespace dmaas::engine {
namespace {

/// So many equal entries are kept unencoded in the hope that the whole directory is as before: then
/// its tree need not be encoded and hashed at all.
constexpr std::size_t max_unencoded_nodes = 4'096;

}  // namespace

TreeAssembly::TreeAssembly(TreeSaving& saving, Before before)
    : saving_(saving), before_(std::move(before)) {}

TreeAssembly::TreeAssembly(std::shared_ptr<TreeAssembly> parent, std::uint64_t slot, Node node,
                           Before before)
    : saving_(parent->saving_),
      parent_(std::move(parent)),
      slot_(slot),
      node_(std::move(node)),
      before_(std::move(before)) {}

Result<std::uint64_t> TreeAssembly::announce() {
  std::unique_lock lock{mutex_};
  bool has_room =
      encoded_.wait(lock, saving_.stop, [this] { return slots_.size() < max_waiting_nodes; });
  if (!has_room) return fail(ErrorCode::cancelled, "the backup was stopped");
  slots_.emplace_back();
  ++waiting_;
  return encoded_count_ + slots_.size() - 1;
}

Result<> TreeAssembly::complete(std::uint64_t slot, std::optional<Node> node, const Node* before) {
  bool was_last = TRY(set(slot, std::move(node), before));
  return was_last ? finish(this) : Result<>{};
}

Result<> TreeAssembly::close() {
  {
    std::lock_guard lock{mutex_};
    is_closed_ = true;
    if (!is_finished()) return {};
  }
  return finish(this);
}

std::string TreeAssembly::path_of(const std::string& name) const {
  return (parent_ ? parent_->path_of(node_.name) : std::string()) + "/" + name;
}

/// True when this was the last entry.
Result<bool> TreeAssembly::set(std::uint64_t slot, std::optional<Node> node, const Node* before) {
  std::lock_guard lock{mutex_};
  --waiting_;
  if (node) {
    ++entry_count_;
    is_same_ = is_same_ && before != nullptr && *node == *before;
  }
  Slot& place = slots_[slot - encoded_count_];
  place.is_complete = true;
  place.node = std::move(node);
  TRY(encode_ready(is_same_ ? max_unencoded_nodes : 0));
  return is_finished();
}

/// Encodes complete entries from the front until only `keep` are left.
Result<> TreeAssembly::encode_ready(std::size_t keep) {
  bool was_full = slots_.size() >= max_waiting_nodes;
  while (slots_.size() > keep && slots_.front().is_complete) {
    if (slots_.front().node) TRY(encoder_.add(*slots_.front().node));
    slots_.pop_front();
    ++encoded_count_;
  }
  if (was_full) encoded_.notify_all();
  return {};
}

Result<TreeId> TreeAssembly::save_tree() {
  std::lock_guard lock{mutex_};
  bool is_as_before =
      is_same_ && before_.node && before_.node->subtree && entry_count_ == before_.entry_count;
  if (is_as_before) return *before_.node->subtree;
  TRY(encode_ready(0));
  std::string text = encoder_.take_text();
  auto saved = TRY(saving_.saver.save(BlobType::tree, bytes_of(text), saving_.stop));
  saving_.counters.count_blob(BlobType::tree, saved, text.size());
  return TreeId{saved.id.digest};
}

/// Saves the tree of a finished directory and of every directory above that is finished by it.
Result<> TreeAssembly::finish(TreeAssembly* assembly) {
  for (;;) {
    auto tree = TRY(assembly->save_tree());
    if (!assembly->parent_) {
      assembly->root_tree_ = tree;
      return {};
    }
    const Node* before = assembly->before_.node ? &*assembly->before_.node : nullptr;
    auto& counters = assembly->saving_.counters;
    bool is_unmodified = before != nullptr && before->subtree == tree;
    (before == nullptr ? counters.dirs_new
     : is_unmodified   ? counters.dirs_unmodified
                       : counters.dirs_changed) += 1;

    assembly->node_.subtree = tree;
    bool finishes_parent =
        TRY(assembly->parent_->set(assembly->slot_, std::move(assembly->node_), before));
    if (!finishes_parent) return {};
    assembly = assembly->parent_.get();
  }
}

}  // namespace dmaas::engine
