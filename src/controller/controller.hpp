#pragma once

#include <stop_token>

#include "base/clock.hpp"
#include "controller/settings.hpp"
#include "kube/client/client.hpp"

namespace dmaas::controller {

/// `dmaas controller`: keeps local copies of our objects, waits for leadership, then reconciles and
/// hands out work orders. Runs until `stop`. Errors: unavailable (leadership lost: start anew), and
/// those of TLS files and the listening socket.
Result<> run_controller(kube::Client& client, const Settings& settings, Clock& clock,
                        std::stop_token stop);

}  // namespace dmaas::controller
