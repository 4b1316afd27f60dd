#pragma once

#include <chrono>
#include <string>

namespace dmaas::mover {

/// Whether a TCP connection to `address` ("host:port", host also as "[::1]") comes about in time.
bool is_reachable(const std::string& address, std::chrono::milliseconds patience);

}  // namespace dmaas::mover
