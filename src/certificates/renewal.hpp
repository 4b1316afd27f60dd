#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/certificate.hpp"

namespace dmaas::certificates {

inline constexpr std::chrono::days authority_life{3650};
inline constexpr std::chrono::days server_life{365};
/// A server's certificate is made anew so long before it ends.
inline constexpr std::chrono::days renewal_margin{30};
/// So is the authority, so that what it signs last lives its whole life.
inline constexpr std::chrono::days authority_margin = server_life + renewal_margin;

/// What an installation's Secrets hold, as PEM texts; "" for what is not there.
struct Certificates {
  crypto::CertifiedKey authority{};  // signs the servers'
  std::string trusted{};             // every authority that clients are told to trust
  crypto::CertifiedKey controller{};
  crypto::CertifiedKey gateway{};

  bool operator==(const Certificates&) const = default;
};

struct Renewal {
  Certificates certificates{};  // as they have to be; equal to what is there when nothing is to do
  std::vector<std::string> reasons{};  // what is made anew and why, for the log
};

/// Decides what is made anew, and makes it. Keeps what a client would accept until `renewal_margin`
/// from now. A new authority is trusted long before it signs: servers keep the certificates that
/// the former one signed until these end, so movers that were started before the change still find
/// them good. The former one stays trusted until it ends.
/// Errors: invalid_input (the namespace's name), internal.
Result<Renewal> plan_renewal(const Certificates& present, const std::string& namespace_name,
                             const Clock& clock);

/// DNS names by which movers reach a service of the installation.
std::vector<std::string> service_names(const std::string& service,
                                       const std::string& namespace_name);

}  // namespace dmaas::certificates
