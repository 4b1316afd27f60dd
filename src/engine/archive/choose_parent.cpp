#include "engine/archive/choose_parent.hpp"

#include <algorithm>

namespace dmaas::engine {

Result<std::optional<StoredSnapshot>> choose_parent(Repository& repository,
                                                    const BackupOptions& options,
                                                    const std::string& hostname,
                                                    const std::vector<std::string>& paths,
                                                    std::stop_token stop) {
  if (options.parent)
    return StoredSnapshot{*options.parent, TRY(repository.load_snapshot(*options.parent, stop))};
  if (options.parent_choice == BackupOptions::ParentChoice::none)
    return std::optional<StoredSnapshot>{};
  return newest_of(TRY(repository.load_snapshots(stop)), hostname, paths);
}

std::optional<StoredSnapshot> newest_of(const std::vector<StoredSnapshot>& snapshots,
                                        const std::string& hostname,
                                        std::vector<std::string> paths) {
  std::ranges::sort(paths);
  const StoredSnapshot* newest = nullptr;
  for (const auto& stored : snapshots) {
    auto its_paths = stored.snapshot.paths;
    std::ranges::sort(its_paths);
    if (stored.snapshot.hostname != hostname || its_paths != paths) continue;
    if (newest == nullptr || newest->snapshot.time <= stored.snapshot.time) newest = &stored;
  }
  return newest == nullptr ? std::nullopt : std::optional(*newest);
}

}  // namespace dmaas::engine
