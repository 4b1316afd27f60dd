#pragma once

#include <stop_token>
#include <unordered_set>
#include <vector>

#include "engine/repository/repository.hpp"

namespace dmaas::engine {

/// Every blob that these trees need, the trees themselves included: about 80 bytes of memory each.
/// A tree that cannot be read is an error (corrupt or not_found): what it needs is unknown. Needs a
/// loaded index.
Result<std::unordered_set<BlobHandle>> find_used_blobs(Repository& repository,
                                                       const std::vector<TreeId>& roots,
                                                       std::stop_token stop);

}  // namespace dmaas::engine
