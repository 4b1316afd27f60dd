#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/archive/progress.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::engine {

struct CopyOptions {
  /// Packs read, and blobs sealed anew, at one time. 0: one for each core, at least two.
  unsigned threads = 0;
  /// After so many bytes what was copied enters the destination's index, so that a copy that is
  /// killed does not begin anew; at most 64 times for one snapshot.
  std::uint64_t index_after_bytes = 256 << 20;
};

/// What became of one snapshot.
struct SnapshotCopy {
  SnapshotId id;                  // at the destination
  bool was_there = false;         // an earlier copy, or the very same snapshot
  std::uint64_t blobs = 0;        // that the destination lacked
  std::uint64_t bytes_read = 0;   // of them, as the source stores them
  std::uint64_t bytes_added = 0;  // as the destination stores them
};

/// Copies snapshots from one repository into another, as restic's `copy` does: blobs are opened
/// with the source's key, checked, and sealed anew with the destination's; what the destination has
/// is not read. A copy has the snapshot's fields but its parent, and names the first snapshot of
/// its line as `original`; it is written last, when all that it needs is in the destination's
/// index.
///
/// Both indexes are loaded and locks are the caller's. One snapshot at a time.
///
/// Memory: what a backup's writer needs, a blob for each thread, and about 150 bytes for each blob
/// that the destination lacks and 80 for each tree.
class SnapshotCopier {
public:
  /// Reads the destination's snapshots. All references outlive the copier. Progress counts bytes
  /// as the source stores them and the snapshots that are done as files.
  static Result<SnapshotCopier> prepare(Repository& source, Repository& destination,
                                        const CopyOptions& options, Progress& progress,
                                        std::stop_token stop);

  /// Errors: corrupt and not_found (of the source: nothing incomplete is written), those of the
  /// stores, cancelled. After an error of the destination the copier is of no use any more.
  Result<SnapshotCopy> copy(const StoredSnapshot& snapshot, std::stop_token stop);

private:
  /// Blobs of one of the source's packs.
  struct WantedPack {
    PackId pack;
    std::vector<PackedBlob> blobs;
  };
  struct Missing {
    std::vector<WantedPack> packs;
    std::vector<TreeId> trees;  // complete at the destination once the packs are copied
  };

  SnapshotCopier(Repository& source, Repository& destination, const CopyOptions& options,
                 Progress& progress)
      : source_(source), destination_(destination), options_(options), progress_(progress) {}
  Result<Missing> find_missing(const TreeId& root, std::stop_token stop);
  Result<> copy_packs(const std::vector<WantedPack>& packs, SnapshotCopy& counts,
                      std::stop_token stop);
  /// All of it is in the destination's index afterwards.
  Result<> copy_batch(std::span<const WantedPack> packs, SnapshotCopy& counts,
                      std::stop_token stop);

  Repository& source_;
  Repository& destination_;
  const CopyOptions options_;
  Progress& progress_;
  std::unordered_multimap<SnapshotId, StoredSnapshot> known_{};  // by the first of their line
  std::unordered_set<TreeId> complete_{};  // with all below, at the destination
};

/// The snapshot that `copy` is of, or `snapshot` itself when it is none.
SnapshotId first_of_line(const StoredSnapshot& snapshot);
/// Whether both show the same backup: all that restic compares. Pure.
bool are_alike(const Snapshot& one, const Snapshot& other);

}  // namespace dmaas::engine
