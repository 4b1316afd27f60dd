#pragma once

#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace dmaas::controller {

/// Looks every 15 s whether the file still says `known`: the authorities that movers and the
/// gateway's clients were told to trust. Errors: conflict as soon as it differs, so that who leads
/// begins anew with the others; that is years before one of them signs alone.
Result<> watch_trusted_authorities(const std::string& file, const std::string& known, Clock& clock,
                                   std::stop_token stop);

}  // namespace dmaas::controller
