#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace dmaas::applications {

/// The JSON patch that makes `manager` the applier of all that people and programs have written
/// into an object, so that its next server-side apply takes away what is not in the backup any
/// more: an environment variable that an upgrade added, for instance. Without it apply would leave
/// what others have added. Fields of subresources and of Kubernetes' own controllers stay theirs.
/// Null when there is nothing to take over. Pure. Source: metadata.managedFields,
/// kubernetes.io/docs/reference/using-api/server-side-apply.
Json take_over_patch(const Json& object, std::string_view manager);

}  // namespace dmaas::applications
