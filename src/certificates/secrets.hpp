#pragma once

#include <array>
#include <string_view>

namespace dmaas::certificates {

/// The authority that signs, with its key. No pod mounts it.
inline constexpr std::string_view authority_secret = "dmaas-ca";
/// The controller's own certificate, and in ca.crt every authority that movers are told to trust.
inline constexpr std::string_view controller_secret = "dmaas-controller-tls";
inline constexpr std::string_view gateway_secret = "dmaas-gateway-tls";

inline constexpr std::array secret_names{authority_secret, controller_secret, gateway_secret};

}  // namespace dmaas::certificates
