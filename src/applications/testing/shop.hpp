#pragma once

#include "applications/testing/memory_cluster.hpp"
#include "applications/testing/memory_files.hpp"

namespace dmaas::applications {

/// The `resources` tree of a backup of everything in namespace shop of testdata/shop.yaml, and
/// `more` beside it.
MemoryFiles back_up_shop(const std::vector<Json>& more = {});

}  // namespace dmaas::applications
