#pragma once

#include <stop_token>

#include "base/clock.hpp"
#include "controller/settings.hpp"
#include "kube/client/client.hpp"

namespace dmaas::controller {

/// `dmaas controller`: keeps local copies of our objects, waits for leadership, then reconciles and
/// hands out work orders. Runs until `stop`: when the API server is away or leadership is lost, all
/// of it but the listening socket begins anew. Errors: those of TLS files and the socket, and what
/// the API server refuses for good.
Result<> run_controller(kube::Client& client, const Settings& settings, Clock& clock,
                        std::stop_token stop);

}  // namespace dmaas::controller
