#include "engine/copy/copy_snapshots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "engine/inspect/walk_tree.hpp"
#include "engine/repository/in_parallel.hpp"

namespace dmaas::engine {
namespace {

/// Each makes an index file, and many small ones are slow to load.
constexpr std::uint64_t max_index_writes = 64;

std::size_t threads_of(const CopyOptions& options) {
  return options.threads != 0 ? options.threads : std::max(2U, std::thread::hardware_concurrency());
}

bool has_same_members(std::vector<std::string> one, std::vector<std::string> other) {
  std::ranges::sort(one);
  std::ranges::sort(other);
  return one == other;
}

/// What the destination lacks of the blobs that are asked for, by the source's packs. Thread-safe.
class MissingBlobs {
public:
  MissingBlobs(const Repository& source, const Repository& destination)
      : source_(source), destination_(destination) {}

  Result<> want(const BlobHandle& handle) {
    if (destination_.has_blob(handle)) return {};
    std::lock_guard lock{mutex_};
    if (!seen_.insert(handle).second) return {};
    auto at = source_.find_blob(handle);
    if (!at) {
      return fail(ErrorCode::corrupt, fmt::format("blob {} is not in the source's index: 'dmaas "
                                                  "repo check' tells what else is missing",
                                                  handle.id.short_hex()));
    }
    by_pack_[at->pack].push_back({handle, at->offset, at->length, at->uncompressed_length});
    return {};
  }

  std::unordered_map<PackId, std::vector<PackedBlob>> take() { return std::move(by_pack_); }

private:
  const Repository& source_;
  const Repository& destination_;
  std::mutex mutex_;
  std::unordered_set<BlobHandle> seen_;
  std::unordered_map<PackId, std::vector<PackedBlob>> by_pack_;
};

}  // namespace

SnapshotId first_of_line(const StoredSnapshot& snapshot) {
  return snapshot.snapshot.original.value_or(snapshot.id);
}

bool are_alike(const Snapshot& one, const Snapshot& other) {
  return one.time == other.time && one.tree == other.tree && one.hostname == other.hostname &&
         one.username == other.username && one.uid == other.uid && one.gid == other.gid &&
         one.excludes == other.excludes && has_same_members(one.paths, other.paths) &&
         has_same_members(one.tags, other.tags);
}

Result<SnapshotCopier> SnapshotCopier::prepare(Repository& source, Repository& destination,
                                               const CopyOptions& options, Progress& progress,
                                               std::stop_token stop) {
  SnapshotCopier copier(source, destination, options, progress);
  for (auto& stored : TRY(destination.load_snapshots(std::move(stop)))) {
    auto first = first_of_line(stored);
    copier.known_.emplace(first, std::move(stored));
  }
  return copier;
}

Result<SnapshotCopy> SnapshotCopier::copy(const StoredSnapshot& snapshot, std::stop_token stop) {
  auto first = first_of_line(snapshot);
  auto [begin, end] = known_.equal_range(first);
  for (auto known = begin; known != end; ++known) {
    if (!are_alike(known->second.snapshot, snapshot.snapshot)) continue;
    ++progress_.files_done;
    return SnapshotCopy{.id = known->second.id, .was_there = true};
  }
  SnapshotCopy result;
  auto missing = TRY(find_missing(snapshot.snapshot.tree, stop));
  TRY(copy_packs(missing.packs, result, stop));
  complete_.insert(missing.trees.begin(), missing.trees.end());
  auto copy = snapshot.snapshot;
  copy.parent.reset();  // means nothing in another repository
  copy.original = first;
  result.id = TRY(destination_.save_snapshot(copy, stop));
  known_.emplace(first, StoredSnapshot{result.id, std::move(copy)});
  ++progress_.files_done;
  return result;
}

Result<SnapshotCopier::Missing> SnapshotCopier::find_missing(const TreeId& root,
                                                             std::stop_token stop) {
  Missing missing;
  if (complete_.contains(root)) return missing;
  MissingBlobs blobs{source_, destination_};
  std::mutex mutex;
  TRY(blobs.want(tree_blob(root)));
  missing.trees.push_back(root);
  TreeVisitor visitor;
  visitor.visit = [&](const TreeId&, const Node& node) -> Result<> {
    if (node.subtree && !complete_.contains(*node.subtree)) {
      TRY(blobs.want(tree_blob(*node.subtree)));
      std::lock_guard lock{mutex};
      missing.trees.push_back(*node.subtree);
    }
    if (!node.content) return {};
    for (const auto& id : *node.content) TRY(blobs.want(data_blob(id)));
    return {};
  };
  visitor.unreadable = [](const TreeId& tree, const Error& error) -> Result<> {
    return fail(Error(error).context("tree " + tree.short_hex() + " of the source"));
  };
  visitor.skips = [&](const TreeId& tree) { return complete_.contains(tree); };
  TRY(visit_distinct_trees(source_, {root}, visitor, std::move(stop)));
  for (auto& [pack, wanted] : blobs.take()) missing.packs.push_back({pack, std::move(wanted)});
  return missing;
}

Result<> SnapshotCopier::copy_packs(const std::vector<WantedPack>& packs, SnapshotCopy& counts,
                                    std::stop_token stop) {
  std::uint64_t total = 0;
  for (const auto& pack : packs) {
    for (const auto& blob : pack.blobs) total += blob.length;
    counts.blobs += pack.blobs.size();
  }
  progress_.bytes_total += total;
  const auto index_after = std::max(options_.index_after_bytes, total / max_index_writes);
  for (std::size_t begin = 0; begin < packs.size();) {
    std::uint64_t bytes = 0;
    auto end = begin;
    for (; end < packs.size() && bytes < index_after; ++end) {
      for (const auto& blob : packs[end].blobs) bytes += blob.length;
    }
    TRY(copy_batch(std::span{packs}.subspan(begin, end - begin), counts, stop));
    begin = end;
  }
  return {};
}

Result<> SnapshotCopier::copy_batch(std::span<const WantedPack> packs, SnapshotCopy& counts,
                                    std::stop_token stop) {
  std::atomic<std::uint64_t> bytes_read = 0;
  std::atomic<std::uint64_t> bytes_added = 0;
  auto copy_pack = [&](std::size_t i, std::stop_token group_stop) -> Result<> {
    auto save = [&](const PackedBlob& blob, BytesView plain) -> Result<> {
      // Not with the group's stop, which an error of another thread gives: a saver that is stopped
      // saves nothing any more, and what follows this snapshot may be sound.
      auto saved = TRY(destination_.saver().save(blob.handle.type, plain, stop));
      bytes_read += blob.length;
      bytes_added += saved.stored_bytes;
      progress_.bytes_done += blob.length;
      return {};
    };
    return source_.load_blobs(packs[i].pack, packs[i].blobs, save, group_stop);
  };
  TRY(in_parallel(packs.size(), threads_of(options_), stop, copy_pack));
  counts.bytes_read += bytes_read;
  counts.bytes_added += bytes_added;
  return destination_.saver().flush(std::move(stop));
}

}  // namespace dmaas::engine
