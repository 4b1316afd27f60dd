#pragma once

#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace dmaas::kube {
class Client;
}

namespace dmaas::certificates {

/// `dmaas certificates`: makes the Secrets of an installation, or renews what has to be, by
/// plan_renewal. Several at once agree: whoever makes the authority first decides. Needs to get,
/// patch and create Secrets, nothing else. Errors: those of kube::Client; conflict when others do
/// not let it end; invalid_input (the namespace's name).
Result<> ensure_certificates(kube::Client& client, const std::string& namespace_name, Clock& clock,
                             std::stop_token stop);

}  // namespace dmaas::certificates
