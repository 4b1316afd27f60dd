#pragma once

#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/certificate.hpp"
#include "http/server.hpp"

namespace dmaas::http {

/// Where the certificate of a server lies. Whoever renews it writes these files.
struct CertificateFiles {
  std::string certificate{};  // path of a PEM chain
  std::string private_key{};  // path of PEM
};

/// Errors: those of read_small_file.
Result<crypto::CertifiedKey> load_certificate(const CertificateFiles& files);

/// Reads the files again every 15 s until `stop`, and gives the server what differs from `known`
/// for its new connections. A pair that does not fit, because it is half written, is tried again.
void follow_certificate(const CertificateFiles& files, crypto::CertifiedKey known, Server& server,
                        Clock& clock, std::stop_token stop);

}  // namespace dmaas::http
