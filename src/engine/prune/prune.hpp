#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/format/index_file.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::engine {

struct PruneOptions {
  /// Unused bytes that may stay, as a share of used bytes; the more, the less is repacked.
  double max_unused_share = 0.05;
  std::uint64_t max_repack_bytes = UINT64_MAX;
};

struct PrunePlan {
  std::vector<PackId> unreferenced;  // no index names them
  std::vector<IndexPack> repack;     // partly used: the used blobs move into new packs
  std::vector<PackId> remove;        // wholly unused
  std::unordered_set<BlobHandle> keep_of_repacked;

  std::uint64_t used_bytes = 0;
  std::uint64_t unused_bytes = 0;
  std::uint64_t repack_bytes = 0;  // of the packs in `repack`
  std::uint64_t freed_bytes = 0;   // by everything together
  std::uint64_t remaining_unused_bytes = 0;

  bool is_empty() const { return unreferenced.empty() && repack.empty() && remove.empty(); }
};

/// Sorts packs by what becomes of them. A blob stored more than once is kept once, in the pack
/// where it costs least. Errors: corrupt when a used blob is in no pack: pruning would make that
/// damage final, so nothing is planned.
Result<PrunePlan> plan_prune(std::unordered_set<BlobHandle> used, std::vector<IndexPack> packs,
                             const std::unordered_map<PackId, std::uint64_t>& stored_packs,
                             const PruneOptions& options);

/// Reads what `plan_prune` needs: index, snapshots, trees, list of packs.
Result<PrunePlan> plan_prune(Repository& repository, const PruneOptions& options,
                             std::stop_token stop);

/// Carries a plan out under an exclusive lock that the caller holds: new packs, new index, then old
/// index files, then old packs, so that a kill at any moment leaves a sound repository, and the
/// next run finishes the work. `progress` gets packs done.
Result<> apply_prune(Repository& repository, const PrunePlan& plan,
                     const std::function<void(std::uint64_t done, std::uint64_t total)>& progress,
                     std::stop_token stop);

}  // namespace dmaas::engine
