#include <fmt/format.h>

#include <algorithm>

#include "engine/inspect/used_blobs.hpp"
#include "engine/prune/prune.hpp"

namespace dmaas::engine {
namespace {

/// What one pack holds, by the index.
struct PackUse {
  IndexPack pack;
  std::vector<BlobHandle> used;
  std::uint64_t used_bytes = 0;
  std::uint64_t unused_bytes = 0;

  bool is_mixed() const {
    return std::ranges::any_of(pack.blobs, [&](const auto& blob) {
      return blob.handle.type != pack.blobs.front().handle.type;
    });
  }
  bool holds_trees() const { return pack.blobs.front().handle.type == BlobType::tree; }
  double unused_share() const {
    return static_cast<double>(unused_bytes) / static_cast<double>(used_bytes + unused_bytes);
  }
};

std::uint64_t size_of(const IndexPack& pack) {
  auto size = stored_header_bytes(pack.blobs);
  for (const auto& blob : pack.blobs) size += blob.length;
  return size;
}

/// Packs that are stored as the index says, each once, those with the most bytes in use first: of a
/// blob that is stored more than once, that copy stays which lies where most is needed anyway.
std::vector<PackUse> usable_packs(std::vector<IndexPack> packs,
                                  const std::unordered_set<BlobHandle>& used,
                                  const std::unordered_map<PackId, std::uint64_t>& stored) {
  std::unordered_set<PackId> seen;
  std::vector<PackUse> usable;
  for (auto& pack : packs) {
    auto at = stored.find(pack.id);
    if (pack.blobs.empty() || at == stored.end() || at->second != size_of(pack) ||
        !seen.insert(pack.id).second)
      continue;
    PackUse use{.pack = std::move(pack), .used = {}};
    for (const auto& blob : use.pack.blobs) {
      if (used.contains(blob.handle)) use.used_bytes += blob.length;
    }
    usable.push_back(std::move(use));
  }
  std::ranges::stable_sort(usable, std::ranges::greater{}, &PackUse::used_bytes);
  return usable;
}

void give_each_blob_one_pack(std::vector<PackUse>& packs, std::unordered_set<BlobHandle>& wanted) {
  for (auto& use : packs) {
    use.used_bytes = 0;
    for (const auto& blob : use.pack.blobs) {
      bool is_used = wanted.erase(blob.handle) == 1;
      (is_used ? use.used_bytes : use.unused_bytes) += blob.length;
      if (is_used) use.used.push_back(blob.handle);
    }
  }
}

void choose_repacks(std::vector<PackUse*>& candidates, const PruneOptions& options,
                    PrunePlan& plan) {
  std::ranges::stable_sort(candidates, [](const PackUse* a, const PackUse* b) {
    if (a->is_mixed() != b->is_mixed()) return a->is_mixed();
    if (a->holds_trees() != b->holds_trees()) return a->holds_trees();
    return a->unused_share() > b->unused_share();
  });
  auto allowed = options.max_unused_share * static_cast<double>(plan.used_bytes);
  for (auto* use : candidates) {
    bool enough = static_cast<double>(plan.remaining_unused_bytes) <= allowed;
    bool fits = plan.repack_bytes + size_of(use->pack) <= options.max_repack_bytes;
    if ((enough && !use->is_mixed()) || !fits) continue;
    plan.repack_bytes += size_of(use->pack);
    plan.remaining_unused_bytes -= use->unused_bytes;
    plan.freed_bytes += use->unused_bytes;
    plan.keep_of_repacked.insert(use->used.begin(), use->used.end());
    plan.repack.push_back(std::move(use->pack));
  }
}

}  // namespace

Result<PrunePlan> plan_prune(std::unordered_set<BlobHandle> used, std::vector<IndexPack> packs,
                             const std::unordered_map<PackId, std::uint64_t>& stored_packs,
                             const PruneOptions& options) {
  PrunePlan plan;
  std::unordered_set<PackId> indexed;
  for (const auto& pack : packs) indexed.insert(pack.id);
  for (const auto& [pack, size] : stored_packs) {
    if (indexed.contains(pack)) continue;
    plan.unreferenced.push_back(pack);
    plan.freed_bytes += size;
  }
  auto usable = usable_packs(std::move(packs), used, stored_packs);
  give_each_blob_one_pack(usable, used);
  if (!used.empty()) {
    return fail(ErrorCode::corrupt, fmt::format("{} blobs that snapshots need are in no intact "
                                                "pack: run 'dmaas repo check', nothing was removed",
                                                used.size()));
  }
  std::vector<PackUse*> candidates;
  for (auto& use : usable) {
    plan.used_bytes += use.used_bytes;
    plan.unused_bytes += use.unused_bytes;
    if (use.used.empty()) {
      plan.remove.push_back(use.pack.id);
      plan.freed_bytes += size_of(use.pack);
    } else if (use.unused_bytes > 0 || use.is_mixed()) {
      candidates.push_back(&use);
      plan.remaining_unused_bytes += use.unused_bytes;
    }
  }
  choose_repacks(candidates, options, plan);
  return plan;
}

Result<PrunePlan> plan_prune(Repository& repository, const PruneOptions& options,
                             std::stop_token stop) {
  std::vector<TreeId> roots;
  for (const auto& stored : TRY(repository.load_snapshots(stop)))
    roots.push_back(stored.snapshot.tree);
  TRY(repository.load_index(stop));
  auto used = TRY(find_used_blobs(repository, roots, stop));
  std::vector<IndexPack> packs;
  auto collect = [&](const IndexId&, IndexPack&& pack) -> Result<> {
    packs.push_back(std::move(pack));
    return {};
  };
  TRY(repository.for_each_indexed_pack(collect, stop));
  std::unordered_map<PackId, std::uint64_t> stored;
  auto note = [&](const storage::ObjectInfo& object) -> Result<> {
    auto id = PackId::parse(std::string_view(object.name).substr(object.name.rfind('/') + 1));
    if (id) stored[*id] = object.size;
    return {};
  };
  TRY(repository.store().list("data", note, stop));
  return plan_prune(std::move(used), std::move(packs), stored, options);
}

}  // namespace dmaas::engine
