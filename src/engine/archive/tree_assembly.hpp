#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "engine/archive/backup_counters.hpp"
#include "engine/format/node.hpp"
#include "engine/packs/blob_saver.hpp"

namespace dmaas::engine {

/// What all assemblies of one backup share.
struct TreeSaving {
  BlobSaver& saver;
  BackupCounters& counters;
  std::stop_token stop;
};

/// One directory on its way into a tree blob. Entries are announced in order by the walk, completed
/// in any order by any thread; the completion of the last one saves the tree and completes the
/// directory's entry in its parent, and so on up to the root. Thread-safe.
class TreeAssembly {
public:
  /// The walk waits when so many entries of one directory wait for an earlier one: a huge file, in
  /// practice.
  static constexpr std::size_t max_waiting_nodes = 10'000;

  /// What the parent backup has of this directory; for reuse and counts.
  struct Before {
    std::optional<Node> node;
    std::size_t entry_count = 0;
  };

  /// The root of a backup.
  TreeAssembly(TreeSaving& saving, Before before);
  /// A directory; `node` is complete but for its subtree and was announced as `slot` of `parent`.
  TreeAssembly(std::shared_ptr<TreeAssembly> parent, std::uint64_t slot, Node node, Before before);

  /// The place for the next entry. Blocks as max_waiting_nodes says. Errors: cancelled.
  Result<std::uint64_t> announce();
  /// The entry of `slot`; nothing leaves it out. `before`: the parent backup's node of this name.
  /// Errors: those of saving a tree.
  Result<> complete(std::uint64_t slot, std::optional<Node> node, const Node* before);
  /// No more announcements.
  Result<> close();

  /// Path of the entry `name` in here.
  std::string path_of(const std::string& name) const;
  /// Of the root, after everything is complete.
  std::optional<TreeId> root_tree() const { return root_tree_; }

private:
  struct Slot {
    bool is_complete = false;
    std::optional<Node> node;
  };

  Result<bool> set(std::uint64_t slot, std::optional<Node> node, const Node* before);
  Result<> encode_ready(std::size_t keep);
  bool is_finished() const { return is_closed_ && waiting_ == 0; }
  Result<TreeId> save_tree();
  static Result<> finish(TreeAssembly* assembly);

  TreeSaving& saving_;
  const std::shared_ptr<TreeAssembly> parent_;
  const std::uint64_t slot_ = 0;
  Node node_;
  const Before before_;
  std::optional<TreeId> root_tree_;

  std::mutex mutex_;
  std::condition_variable_any encoded_;
  std::deque<Slot> slots_;  // those not encoded yet
  std::uint64_t encoded_count_ = 0;
  std::uint64_t entry_count_ = 0;  // complete ones that are not left out
  std::uint64_t waiting_ = 0;      // announced, not complete
  bool is_same_ = true;            // so far every entry equals the one before
  bool is_closed_ = false;
  TreeEncoder encoder_;
};

}  // namespace dmaas::engine
