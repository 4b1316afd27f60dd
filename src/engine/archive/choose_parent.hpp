#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/archive/back_up.hpp"
#include "engine/repository/repository.hpp"

namespace dmaas::engine {

/// The snapshot that a backup of `paths` by `hostname` compares with, as `options` say. Errors:
/// not_found (a parent that was named).
Result<std::optional<StoredSnapshot>> choose_parent(Repository& repository,
                                                    const BackupOptions& options,
                                                    const std::string& hostname,
                                                    const std::vector<std::string>& paths,
                                                    std::stop_token stop);

/// The newest of `snapshots` with this host and these paths, in any order.
std::optional<StoredSnapshot> newest_of(const std::vector<StoredSnapshot>& snapshots,
                                        const std::string& hostname,
                                        std::vector<std::string> paths);

}  // namespace dmaas::engine
