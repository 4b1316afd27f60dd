#pragma once

#include <string>

#include "base/clock.hpp"

namespace dmaas::kube {

/// The form of Leases and events: exactly six fraction digits, "2026-01-02T03:04:05.000000Z". The
/// API server refuses others.
std::string format_micro_time(Timestamp time);

}  // namespace dmaas::kube
