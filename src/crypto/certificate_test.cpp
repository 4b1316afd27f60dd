#include "crypto/certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace dmaas::crypto {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<X509> parsed(const std::string& pem) {
  std::shared_ptr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

/// What a TLS client would say of the chain at `when`.
int verify(const CertifiedKey& authority, const CertifiedKey& server, Timestamp when) {
  auto root = parsed(authority.certificate);
  auto leaf = parsed(server.certificate);
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
  X509_STORE_add_cert(store.get(), root.get());
  std::shared_ptr<X509_STORE_CTX> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  auto seconds = std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
  X509_STORE_CTX_set_time(context.get(), 0, seconds);
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

class CertificateTest : public testing::Test {
protected:
  ManualClock clock{Timestamp(1'800'000'000s)};
  CertifiedKey authority = *make_authority("DMaaS authority", 24h * 3650, clock);
};

TEST_F(CertificateTest, ServerCertificateVerifiesUnderItsAuthorityWithinItsValidity) {
  auto server = make_server_certificate(authority, {{"dmaas-gateway.dmaas-system.svc"}, {}},
                                        24h * 365, clock);
  ASSERT_TRUE(server) << server.error().message();
  EXPECT_EQ(verify(authority, *server, clock.now()), X509_V_OK);
  EXPECT_EQ(verify(authority, *server, clock.now() - 5min), X509_V_OK);
  EXPECT_EQ(verify(authority, *server, clock.now() + 24h * 366), X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST_F(CertificateTest, ServerCertificateIsRefusedUnderAnotherAuthority) {
  auto other = *make_authority("DMaaS authority", 24h * 3650, clock);
  auto server = *make_server_certificate(authority, {{"a.svc"}, {}}, 24h, clock);
  EXPECT_NE(verify(other, server, clock.now()), X509_V_OK);
}

TEST_F(CertificateTest, ServerCertificateNamesEveryHostAndAddress) {
  auto server = *make_server_certificate(
      authority, {{"a.svc", "b.svc.cluster.local"}, {"10.1.2.3", "::1"}}, 24h, clock);
  auto leaf = parsed(server.certificate);
  EXPECT_EQ(X509_check_host(leaf.get(), "b.svc.cluster.local", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(leaf.get(), "c.svc", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "10.1.2.3", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "10.1.2.4", 0), 0);
}

TEST_F(CertificateTest, ServerCertificateEndsNoLaterThanItsAuthority) {
  auto short_lived = *make_authority("short", 48h, clock);
  auto server = *make_server_certificate(short_lived, {{"a.svc"}, {}}, 24h * 365, clock);
  EXPECT_EQ(*expiry_of(server.certificate), clock.now() + 48h);
}

TEST_F(CertificateTest, ServerCertificateCannotSignOthers) {
  auto server = *make_server_certificate(authority, {{"a.svc"}, {}}, 24h, clock);
  auto forged = *make_server_certificate(server, {{"b.svc"}, {}}, 1h, clock);
  EXPECT_NE(verify(server, forged, clock.now()), X509_V_OK);
}

TEST_F(CertificateTest, RefusesNamesThatWouldSmuggleInOthers) {
  EXPECT_EQ(make_server_certificate(authority, {{"a.svc,DNS:evil"}, {}}, 24h, clock).code(),
            ErrorCode::invalid_input);
  EXPECT_EQ(make_server_certificate(authority, {{}, {"10.0.0.1,DNS:evil"}}, 24h, clock).code(),
            ErrorCode::invalid_input);
  EXPECT_EQ(make_server_certificate(authority, {}, 24h, clock).code(), ErrorCode::invalid_input);
}

TEST_F(CertificateTest, RefusesAnAuthorityWhoseKeyIsAnothers) {
  auto mixed = authority;
  mixed.private_key = make_authority("other", 24h, clock)->private_key;
  EXPECT_EQ(make_server_certificate(mixed, {{"a.svc"}, {}}, 24h, clock).code(),
            ErrorCode::invalid_input);
  EXPECT_EQ(expiry_of("not a certificate").code(), ErrorCode::invalid_input);
}

TEST_F(CertificateTest, SplitsAndJoinsCertificatesWithoutChange) {
  auto other = *make_authority("other", 24h, clock);
  auto both = "a comment\n" + authority.certificate + "\n" + other.certificate;
  EXPECT_EQ(split_certificates(both).value(),
            (std::vector{authority.certificate, other.certificate}));
  EXPECT_EQ(split_certificates("").code(), ErrorCode::invalid_input);
  EXPECT_EQ(split_certificates(authority.certificate.substr(0, 100)).code(),
            ErrorCode::invalid_input);
}

TEST_F(CertificateTest, AuthorityIsGoodWithinItsValidityAndWithItsOwnKey) {
  EXPECT_TRUE(check_authority(authority, clock.now()));
  EXPECT_FALSE(check_authority(authority, clock.now() + 24h * 3651));
  auto mixed = authority;
  mixed.private_key = make_authority("other", 24h, clock)->private_key;
  EXPECT_FALSE(check_authority(mixed, clock.now()));
  EXPECT_FALSE(check_authority({}, clock.now()));
  auto server = *make_server_certificate(authority, {{"a.svc"}, {}}, 24h, clock);
  EXPECT_FALSE(check_authority(server, clock.now()));
}

/// A server, and what its clients trust: two authorities of one name, as after a change.
class CheckServerTest : public CertificateTest {
protected:
  Result<> check(const CertifiedKey& of, Timestamp when) const {
    return check_server_certificate(of, trusted, names, when);
  }
  ServerNames names{{"a.svc", "a.svc.cluster.local"}, {"10.1.2.3"}};
  CertifiedKey successor = *make_authority("DMaaS authority", 24h * 3650, clock);
  std::string trusted = successor.certificate + authority.certificate;
  CertifiedKey server = *make_server_certificate(authority, names, 24h * 365, clock);
};

TEST_F(CheckServerTest, IsGoodUnderEachTrustedAuthorityWithinItsValidity) {
  EXPECT_TRUE(check(server, clock.now()));
  EXPECT_TRUE(check(*make_server_certificate(successor, names, 24h, clock), clock.now()));
  EXPECT_FALSE(check(server, clock.now() + 24h * 366));
  EXPECT_FALSE(check(server, clock.now() - 1h));
}

TEST_F(CheckServerTest, IsBadUnderOtherAuthorities) {
  trusted = successor.certificate;
  EXPECT_FALSE(check(server, clock.now()));
  trusted = "";
  EXPECT_FALSE(check(server, clock.now()));
}

TEST_F(CheckServerTest, IsBadWhenANameIsMissing) {
  auto error = check(*make_server_certificate(authority, {{"a.svc"}, {"10.1.2.3"}}, 24h, clock),
                     clock.now());
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().message(), "the certificate is not for a.svc.cluster.local");
  EXPECT_FALSE(
      check(*make_server_certificate(authority, {names.dns_names, {}}, 24h, clock), clock.now()));
}

TEST_F(CheckServerTest, IsBadWithoutItsOwnKey) {
  server.private_key = authority.private_key;
  EXPECT_FALSE(check(server, clock.now()));
  EXPECT_FALSE(check({server.certificate, ""}, clock.now()));
  EXPECT_FALSE(check({}, clock.now()));
}

}  // namespace
}  // namespace dmaas::crypto
