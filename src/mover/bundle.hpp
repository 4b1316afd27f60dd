#pragma once

#include <string>

#include "base/result.hpp"

namespace dmaas::mover {

/// `dmaas bundle`: copies this program, the shared libraries it is linked with and the dynamic
/// loader into `target`, so that it runs inside any other image through that loader. Runs in an
/// init container.
Result<> write_bundle(const std::string& target);

}  // namespace dmaas::mover
