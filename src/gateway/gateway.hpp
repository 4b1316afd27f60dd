#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/certificate_files.hpp"

namespace dmaas::kube {
class Client;
}

namespace dmaas::gateway {

class TokenReviewer;

struct GatewayOptions {
  std::string address = "0.0.0.0";
  std::uint16_t port = 8443;
  http::CertificateFiles tls{};                 // no paths: plain HTTP
  std::string namespace_name = "dmaas-system";  // own one: of the two objects and the controller
  std::string configuration_directory{};        // not empty: storages.json and grants.json lie here
  std::string cache_directory{};                // empty: no cache
  std::uint64_t cache_bytes = 1ull << 30;
  unsigned handler_threads = 64;  // requests answered at once
};

/// What the gateway stands on.
struct GatewayEnvironment {
  Clock& clock;
  /// For the configuration, unless a directory is given, and for the reviews of tokens, unless
  /// `reviewer` is given.
  kube::Client* client = nullptr;
  TokenReviewer* reviewer = nullptr;
  /// Told the port once it listens.
  std::function<void(std::uint16_t port)> on_listening{};
};

/// `dmaas gateway`: object storage for movers. Holds the storages' credentials, speaks the restic
/// REST protocol, lets each pod do what its grant says. Runs until `stop`, then lets running
/// requests end for up to 10 s. Errors: invalid_input (options, certificate), unavailable (address
/// in use); as of files for the cache and the certificate.
Result<> run_gateway(const GatewayOptions& options, const GatewayEnvironment& environment,
                     std::stop_token stop);

}  // namespace dmaas::gateway
