#pragma once

#include <string_view>

#include "applications/object_id.hpp"
#include "base/result.hpp"

namespace dmaas::applications {

/// Why an object that exists stays as it is though it should be updated: a team that brings its
/// application back in place may not change its Namespace or a StorageClass, and need not.
inline constexpr std::string_view left_to_cluster =
    "it exists already, and is of the whole cluster: the session's account may not change it";

/// A standby takes the place of an application; what is there for everybody is another's.
inline constexpr std::string_view left_by_standby =
    "it exists already, and is of the whole cluster: a standby leaves it as it is";

/// Whether `refusal` of an update is a reason to leave the object. Pure.
inline bool is_left_to_cluster(const ObjectId& object, const Error& refusal) {
  return object.key.namespace_name.empty() && refusal.code() == ErrorCode::permission_denied;
}

}  // namespace dmaas::applications
