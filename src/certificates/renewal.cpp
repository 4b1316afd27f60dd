#include "certificates/renewal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dmaas::certificates {
namespace {

constexpr const char* authority_name = "dmaas";

std::string cause_of(const crypto::CertifiedKey& present, const Error& error) {
  return present.certificate.empty() ? "there was none" : error.message();
}

/// Joined PEM texts; `first` is among them once, and none that has ended.
std::string join_trusted(const std::vector<std::string>& first, const std::string& present,
                         Timestamp now) {
  auto trusted = first;
  auto known = crypto::split_certificates(present).value_or(std::vector<std::string>{});
  for (auto& certificate : known) {
    auto expiry = crypto::expiry_of(certificate);
    bool is_new = std::ranges::find(trusted, certificate) == trusted.end();
    if (is_new && expiry && *expiry > now) trusted.push_back(std::move(certificate));
  }
  std::string text;
  for (const auto& certificate : trusted) text += certificate;
  return text;
}

/// Who signs what is due now, and who has to be trusted.
struct Signers {
  crypto::CertifiedKey authority;  // as it has to be
  crypto::CertifiedKey signer;     // the present one, as long as it can
};

Result<Signers> plan_signers(const crypto::CertifiedKey& present, Renewal& renewal,
                             const Clock& clock) {
  auto good = crypto::check_authority(present, clock.now() + authority_margin);
  if (good) return Signers{present, present};
  renewal.reasons.push_back("a new authority: " + cause_of(present, good.error()));
  auto made = TRY(crypto::make_authority(authority_name, authority_life, clock));
  bool can_sign = crypto::check_authority(present, clock.now() + renewal_margin).has_value();
  return Signers{made, can_sign ? present : made};
}

/// For a service: what is there, or a new one.
struct ServerNeed {
  std::string service;
  std::string namespace_name;
  const crypto::CertifiedKey& present;
};

Result<crypto::CertifiedKey> plan_server(const ServerNeed& need, const Signers& signers,
                                         Renewal& renewal, const Clock& clock) {
  crypto::ServerNames names{service_names(need.service, need.namespace_name), {}};
  Result<> good;
  for (auto when : {clock.now(), clock.now() + renewal_margin}) {
    if (good)
      good =
          crypto::check_server_certificate(need.present, renewal.certificates.trusted, names, when);
  }
  if (good) return need.present;
  renewal.reasons.push_back(fmt::format("a new certificate of {}: {}", need.service,
                                        cause_of(need.present, good.error())));
  return crypto::make_server_certificate(signers.signer, names, server_life, clock);
}

}  // namespace

Result<Renewal> plan_renewal(const Certificates& present, const std::string& namespace_name,
                             const Clock& clock) {
  Renewal renewal;
  auto signers = TRY(plan_signers(present.authority, renewal, clock));
  auto& planned = renewal.certificates;
  planned.authority = signers.authority;
  std::vector<std::string> needed{signers.authority.certificate};
  if (signers.signer != signers.authority) needed.push_back(signers.signer.certificate);
  planned.trusted = join_trusted(needed, present.trusted, clock.now());
  if (planned.trusted != present.trusted) renewal.reasons.emplace_back("trusted authorities");
  planned.controller = TRY(plan_server({"dmaas-controller", namespace_name, present.controller},
                                       signers, renewal, clock));
  planned.gateway =
      TRY(plan_server({"dmaas-gateway", namespace_name, present.gateway}, signers, renewal, clock));
  return renewal;
}

std::vector<std::string> service_names(const std::string& service,
                                       const std::string& namespace_name) {
  return {fmt::format("{}.{}.svc", service, namespace_name),
          fmt::format("{}.{}.svc.cluster.local", service, namespace_name)};
}

}  // namespace dmaas::certificates
