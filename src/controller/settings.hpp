#pragma once

#include <chrono>
#include <string>

namespace dmaas::controller {

/// What `dmaas controller` is started with.
struct Settings {
  std::string namespace_name = "dmaas-system";
  std::string cluster_name = "cluster";  // first segment of repository paths
  std::string image{};                   // of movers; the controller's own
  std::string image_pull_policy = "IfNotPresent";
  std::string tls_directory = "/etc/dmaas/tls";  // tls.crt, tls.key, ca.crt
  std::string gateway_url{};  // empty: https://dmaas-gateway.<namespace>.svc:8443
  std::string gateway_token_file = "/var/run/secrets/dmaas/gateway-token";
  std::string listen_address = "0.0.0.0";
  std::uint16_t listen_port = 8443;
  std::string pod_name{};  // for leases, locks and events
  /// Movers at one time beside what each storage bears; 0: no limit.
  std::int32_t max_movers = 0;           // in the cluster
  std::int32_t max_movers_per_node = 0;  // of those that have to be on the node of a volume
};

inline constexpr std::string_view gateway_audience = "dmaas-gateway";
inline constexpr std::string_view controller_audience = "dmaas-controller";

/// So many movers are started for a component before it counts as failed.
inline constexpr int max_mover_attempts = 3;
/// How often running work is looked at when nothing reports.
inline constexpr std::chrono::seconds poll_period{5};

}  // namespace dmaas::controller
