#pragma once

#include <string>

#include "controller/world.hpp"

namespace dmaas::controller {

// A volume is not read while its data is replaced, nor the reverse: a backup would be of two
// moments. Sessions see each other by their status.

/// The restore other than `own_uid` that replaces the data of this claim now, "namespace/name"; ""
/// when there is none.
std::string session_filling(const World& world, const kube::ObjectKey& claim,
                            const std::string& own_uid);
/// The backup that reads the claim now, or will.
std::string session_reading(const World& world, const kube::ObjectKey& claim);

}  // namespace dmaas::controller
