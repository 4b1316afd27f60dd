#include "http/certificate_files.hpp"

#include <chrono>
#include <utility>

#include "base/file.hpp"
#include "base/log.hpp"

namespace dmaas::http {
namespace {

constexpr std::chrono::seconds certificate_interval{15};

}  // namespace

Result<crypto::CertifiedKey> load_certificate(const CertificateFiles& files) {
  return crypto::CertifiedKey{TRY(read_small_file(files.certificate)),
                              TRY(read_small_file(files.private_key))};
}

void follow_certificate(const CertificateFiles& files, crypto::CertifiedKey known, Server& server,
                        Clock& clock, std::stop_token stop) {
  while (clock.sleep(certificate_interval, stop)) {
    auto present = load_certificate(files);
    if (!present || *present == known) continue;
    if (auto replaced = server.replace_certificate(present->certificate, present->private_key);
        !replaced) {
      log_warning("the new certificate is not used", {{"error", replaced.error().message()}});
      continue;
    }
    log_info("a new certificate is used");
    known = std::move(*present);
  }
}

}  // namespace dmaas::http
