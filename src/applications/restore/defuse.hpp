#pragma once

#include <string_view>

#include "applications/object_id.hpp"

namespace dmaas::applications {

// A backup that is only tried out must not act on anything outside the namespaces it is restored
// into: not on the cluster, not on the network's edge, not on the application it is a copy of.

enum class Defuse { no, yes };

/// Why the object is left out of such a restore; "" when it is taken.
std::string_view reason_to_defuse(const ObjectId& id);

/// Changes what is taken so that it stays by itself: Services get only an address inside the
/// cluster, CronJobs are suspended, pods do not displace others. Pure.
void defuse(Json& object);

}  // namespace dmaas::applications
