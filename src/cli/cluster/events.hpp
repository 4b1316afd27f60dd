#pragma once

#include <stop_token>
#include <vector>

#include "kube/client/client.hpp"

namespace dmaas::cli {

/// The events that are about this very object. They are a help, never the point of a command: where
/// they cannot be read there are none.
std::vector<Json> events_of(kube::Client& client, const Json& object, std::stop_token stop);

}  // namespace dmaas::cli
