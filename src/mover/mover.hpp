#pragma once

#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace dmaas::mover {

struct MoverOptions {
  std::string controller_url;
  std::string token_directory;  // holds controller-token and gateway-token
  std::string ca_certificate;   // PEM text; signs controller and gateway
};

/// `dmaas mover` and `dmaas resources`: fetches one work order, does it, posts progress and result,
/// ends. The repository's key comes with the order and stays in memory. A failed task is a posted
/// result, not an error; errors: the controller cannot be reached or knows no work for this pod.
Result<> run_mover(const MoverOptions& options, Clock& clock, std::stop_token stop);

}  // namespace dmaas::mover
