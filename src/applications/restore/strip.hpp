#pragma once

#include <string_view>

#include "base/json.hpp"

namespace dmaas::applications {

/// Why an object of a backup is not created again, although it is stored; "" when it is.
std::string_view reason_not_restored(const Json& object);

/// Removes what the source cluster wrote into the object: identity, status, owners, finalizers,
/// addresses, ports, volumes and machines that it chose. What a person wrote stays.
void strip(Json& object);

}  // namespace dmaas::applications
