#include "certificates/renewal.hpp"

#include <gtest/gtest.h>

namespace dmaas::certificates {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr const char* system_namespace = "dmaas-system";

/// An installation whose certificates were just made, and its clock.
class RenewalTest : public testing::Test {
protected:
  Renewal renew(const Certificates& present, const std::string& name = system_namespace) const {
    return *plan_renewal(present, name, clock);
  }
  Certificates renewed(const Certificates& present) const { return renew(present).certificates; }

  bool accepts(const std::string& trusted, const crypto::CertifiedKey& server,
               const std::string& service) const {
    crypto::ServerNames names{service_names(service, system_namespace), {}};
    return crypto::check_server_certificate(server, trusted, names, clock.now()).has_value();
  }
  /// A mover that was told to trust these reaches both services.
  bool works(const std::string& trusted, const Certificates& installation) const {
    return accepts(trusted, installation.controller, "dmaas-controller") &&
           accepts(trusted, installation.gateway, "dmaas-gateway");
  }

  ManualClock clock{Timestamp(1'800'000'000s)};
  Certificates installed = renewed({});
};

TEST_F(RenewalTest, MakesEverythingForANewInstallation) {
  EXPECT_TRUE(works(installed.trusted, installed));
  EXPECT_EQ(installed.trusted, installed.authority.certificate);
  EXPECT_EQ(*crypto::expiry_of(installed.controller.certificate), clock.now() + server_life);
  EXPECT_EQ(*crypto::expiry_of(installed.authority.certificate), clock.now() + authority_life);
  EXPECT_EQ(renew({}).reasons,
            (std::vector<std::string>{"a new authority: there was none", "trusted authorities",
                                      "a new certificate of dmaas-controller: there was none",
                                      "a new certificate of dmaas-gateway: there was none"}));
}

TEST_F(RenewalTest, HasNothingToDoWhileEverythingIsGood) {
  clock.advance(server_life - renewal_margin - 1h);
  auto again = renew(installed);
  EXPECT_EQ(again.certificates, installed);
  EXPECT_TRUE(again.reasons.empty());
}

TEST_F(RenewalTest, RenewsServersThirtyDaysBeforeTheyEndFromTheSameAuthority) {
  clock.advance(server_life - renewal_margin + 1h);
  auto later = renewed(installed);
  EXPECT_EQ(later.authority, installed.authority);
  EXPECT_EQ(later.trusted, installed.trusted);
  EXPECT_NE(later.controller, installed.controller);
  EXPECT_NE(later.gateway, installed.gateway);
  EXPECT_EQ(*crypto::expiry_of(later.gateway.certificate), clock.now() + server_life);
  EXPECT_TRUE(works(installed.trusted, later));
}

TEST_F(RenewalTest, MakesAnewWhatIsMissingUnreadableOrOfAnotherKeyAndNothingElse) {
  for (auto broken :
       {crypto::CertifiedKey{}, crypto::CertifiedKey{"not PEM", "not PEM"},
        crypto::CertifiedKey{"", installed.gateway.private_key},
        crypto::CertifiedKey{installed.gateway.certificate, ""},
        crypto::CertifiedKey{installed.gateway.certificate, installed.controller.private_key}}) {
    auto present = installed;
    present.gateway = broken;
    auto after = renewed(present);
    EXPECT_TRUE(works(installed.trusted, after));
    EXPECT_EQ(after.authority, installed.authority);
    EXPECT_EQ(after.controller, installed.controller);
  }
}

TEST_F(RenewalTest, MakesServersAnewForAnotherNamespace) {
  auto moved = renew(installed, "elsewhere").certificates;
  EXPECT_EQ(moved.authority, installed.authority);
  crypto::ServerNames names{{"dmaas-gateway.elsewhere.svc"}, {}};
  EXPECT_TRUE(crypto::check_server_certificate(moved.gateway, moved.trusted, names, clock.now()));
}

TEST_F(RenewalTest, ServersStayGoodWhenTheAuthorityOrItsKeyIsLost) {
  auto without_key = installed;
  without_key.authority.private_key.clear();
  auto without_authority = installed;
  without_authority.authority = {};
  for (const auto& present : {without_key, without_authority}) {
    auto after = renewed(present);
    EXPECT_NE(after.authority.certificate, installed.authority.certificate);
    EXPECT_EQ(after.controller, installed.controller);
    EXPECT_EQ(after.gateway, installed.gateway);
    EXPECT_TRUE(works(after.trusted, after));
    EXPECT_EQ(renewed(after), after);
  }
}

TEST_F(RenewalTest, LostListOfTrustedAuthoritiesIsMadeFromTheAuthority) {
  auto present = installed;
  present.trusted = "";
  EXPECT_EQ(renewed(present), installed);
}

TEST_F(RenewalTest, NewAuthorityIsTrustedBeforeItSigns) {
  clock.advance(server_life - renewal_margin + 1h);
  auto present = renewed(installed);
  // Of the authority's life less than a server's is left soon; weeks go by.
  clock.advance(authority_life - authority_margin - server_life);
  present = renewed(present);
  const auto first = present.authority;
  int changes = 0;
  for (int week = 0; week < 60; ++week) {
    auto trusted_before = present.trusted;
    auto next = renewed(present);
    EXPECT_TRUE(works(trusted_before, next)) << "a mover of week " << week << " breaks";
    EXPECT_TRUE(works(next.trusted, present)) << "a mover of week " << week + 1 << " breaks";
    changes += next.authority != present.authority ? 1 : 0;
    present = next;
    clock.advance(days(7));
  }
  EXPECT_EQ(changes, 1);
  EXPECT_NE(present.authority, first);
  EXPECT_FALSE(accepts(first.certificate, present.gateway, "dmaas-gateway"));
}

TEST_F(RenewalTest, WhatIsDueWhenTheAuthorityChangesIsSignedByTheFormerOne) {
  clock.advance(authority_life - authority_margin + 1h);
  auto after = renewed(installed);
  EXPECT_NE(after.authority, installed.authority);
  EXPECT_TRUE(works(installed.trusted, after));
  EXPECT_TRUE(works(after.trusted, after));
}

TEST_F(RenewalTest, FormerAuthorityIsForgottenWhenItHasEnded) {
  clock.advance(authority_life - authority_margin + 1h);
  auto present = renewed(installed);
  EXPECT_EQ(crypto::split_certificates(present.trusted)->size(), 2);
  clock.advance(authority_margin);
  present = renewed(present);
  EXPECT_EQ(present.trusted, present.authority.certificate);
  EXPECT_TRUE(works(present.trusted, present));
}

TEST_F(RenewalTest, RecoversFromEverythingHavingEnded) {
  clock.advance(authority_life + 24h);
  auto after = renewed(installed);
  EXPECT_TRUE(works(after.trusted, after));
  EXPECT_EQ(after.trusted, after.authority.certificate);
}

TEST_F(RenewalTest, CertificatesOfTenYearsFromEarlierInstallationsGoOn) {
  auto make = [&](const std::string& service) {
    return *crypto::make_server_certificate(
        installed.authority, {service_names(service, system_namespace), {}}, authority_life, clock);
  };
  installed.controller = make("dmaas-controller");
  installed.gateway = make("dmaas-gateway");
  EXPECT_EQ(renewed(installed), installed);
  clock.advance(days(3000));
  EXPECT_EQ(renewed(installed), installed);
}

}  // namespace
}  // namespace dmaas::certificates
