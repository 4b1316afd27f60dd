#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

namespace dmaas::kube {

/// RFC 6902 with the habits of Kubernetes: a missing member tests equal to null. All operations
/// hold or `document` stays as it was. Errors: conflict (a "test" does not hold), invalid_input
/// (anything else; names operation and path).
Result<> apply_json_patch(Json& document, const Json& operations);

}  // namespace dmaas::kube
