#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace dmaas::crypto {

/// A certificate with its private key (ECDSA P-256), both as PEM text. The key is a secret.
struct CertifiedKey {
  std::string certificate;
  std::string private_key;

  bool operator==(const CertifiedKey&) const = default;
};

/// What a server is reached by; a client compares with these only, never with the common name.
struct ServerNames {
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
};

/// Certificates begin so long before `clock`, for clients whose clocks are behind.
inline constexpr std::chrono::minutes certificate_backdate{10};

/// A self-signed authority that may sign servers and nothing below. Errors: internal.
Result<CertifiedKey> make_authority(const std::string& common_name, std::chrono::hours validity,
                                    const Clock& clock);

/// A server's certificate signed by `authority`; ends no later than the authority does.
/// Errors: invalid_input (authority's PEM, no name, a name or address that is not one).
Result<CertifiedKey> make_server_certificate(const CertifiedKey& authority,
                                             const ServerNames& names, std::chrono::hours validity,
                                             const Clock& clock);

/// When the first certificate of a PEM text ends. Errors: invalid_input.
Result<Timestamp> expiry_of(std::string_view certificate);

/// Every certificate of a PEM text, as a PEM text of its own. Errors: invalid_input (none in it, or
/// one that cannot be read).
Result<std::vector<std::string>> split_certificates(std::string_view pem);

/// Whether what `authority` signs would be accepted at `when` by those who trust it. Errors:
/// invalid_input with what is wrong with it.
Result<> check_authority(const CertifiedKey& authority, Timestamp when);

/// Whether a client that trusts only `authorities` (a PEM text) would accept the server at `when`
/// under each of its names, and the server can prove it with its key. Errors: invalid_input with
/// what is wrong with it.
Result<> check_server_certificate(const CertifiedKey& server, std::string_view authorities,
                                  const ServerNames& names, Timestamp when);

}  // namespace dmaas::crypto
