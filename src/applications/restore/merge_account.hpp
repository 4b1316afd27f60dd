#pragma once

#include "base/json.hpp"

namespace dmaas::applications {

/// The merge patch that adds secrets, pull secrets, labels and annotations of a backup's
/// ServiceAccount to one that exists. What exists wins. An empty object: nothing to add.
Json account_patch(const Json& existing, const Json& backup);

}  // namespace dmaas::applications
