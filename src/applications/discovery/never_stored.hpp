#pragma once

#include <string_view>

#include "base/json.hpp"
#include "kube/object/resource.hpp"

namespace dmaas::applications {

/// Why no object of this kind is ever stored; "" when some are. Such kinds are not even listed.
std::string_view reason_never_stored(const kube::Resource& resource);
/// Why this object is not stored though others of its kind are; "" when it is.
std::string_view reason_never_stored(const Json& object);

}  // namespace dmaas::applications
