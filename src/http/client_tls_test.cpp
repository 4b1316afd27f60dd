#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "crypto/certificate.hpp"
#include "http/client.hpp"
#include "http/server.hpp"

namespace dmaas::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ClientTlsTest : public ::testing::Test {
protected:
  crypto::CertifiedKey authority = *crypto::make_authority("test", 24h, system_clock());
  crypto::CertifiedKey certified = *crypto::make_server_certificate(
      authority, {.dns_names = {"server.test"}, .ip_addresses = {"127.0.0.1"}}, 24h,
      system_clock());
  std::unique_ptr<Server> server = std::move(
      *Server::start({.certificate = certified.certificate, .private_key = certified.private_key},
                     [](ServerRequest& request, ServerResponse& response, std::stop_token) {
                       static_cast<void>(response.send_text(200, request.header("Host")));
                     }));

  std::string origin(std::string_view host) const {
    return "https://" + std::string(host) + ":" + std::to_string(server->port());
  }
  Result<Response> get(const ClientOptions& options, std::string_view host = "127.0.0.1") const {
    return TRY(Client::create(options))->send({.url = origin(host) + "/"}, {});
  }
};

TEST_F(ClientTlsTest, TrustsTheGivenAuthority) {
  auto response = get({.ca_certificates = authority.certificate});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 200);
}

TEST_F(ClientTlsTest, AnUnknownAuthorityIsRefused) {
  auto response = get({});
  ASSERT_TRUE(response.failed_with(ErrorCode::permission_denied));
  EXPECT_THAT(response.error().message(), HasSubstr("certificate"));
  const auto other = *crypto::make_authority("other", 24h, system_clock());
  EXPECT_TRUE(
      get({.ca_certificates = other.certificate}).failed_with(ErrorCode::permission_denied));
}

TEST_F(ClientTlsTest, AnotherNameIsRefusedUnlessItIsTheExpectedOne) {
  auto response = get({.ca_certificates = authority.certificate}, "localhost");
  EXPECT_TRUE(response.failed_with(ErrorCode::permission_denied));

  response =
      get({.ca_certificates = authority.certificate, .server_name = "server.test"}, "localhost");
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, "localhost:" + std::to_string(server->port()));

  response = get({.ca_certificates = authority.certificate, .server_name = "other.test"});
  EXPECT_TRUE(response.failed_with(ErrorCode::permission_denied));
}

TEST_F(ClientTlsTest, ExpiredCertificatesAreRefused) {
  ManualClock last_year{system_clock().now() - 24h * 365};
  const auto old = *crypto::make_server_certificate(
      authority, {.dns_names = {}, .ip_addresses = {"127.0.0.1"}}, 24h, last_year);
  ASSERT_TRUE(server->replace_certificate(old.certificate, old.private_key));
  auto response = get({.ca_certificates = authority.certificate});
  ASSERT_TRUE(response.failed_with(ErrorCode::permission_denied));
  EXPECT_THAT(response.error().message(), HasSubstr("expired"));
}

TEST_F(ClientTlsTest, VerifiesNothingOnlyWhenAskedTo) {
  EXPECT_TRUE(get({.verify = ClientOptions::Verify::nothing}));
}

TEST_F(ClientTlsTest, AClientCertificateThatIsNoneIsAnInputError) {
  auto response = get({.ca_certificates = authority.certificate,
                       .client_certificate = "no PEM",
                       .client_key = "no PEM"});
  EXPECT_TRUE(response.failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(Client::create({.client_certificate = certified.certificate})
                  .failed_with(ErrorCode::invalid_input));
}

TEST_F(ClientTlsTest, SendsAClientCertificateWithoutHarmWhereNoneIsAsked) {
  EXPECT_TRUE(get({.ca_certificates = authority.certificate,
                   .client_certificate = certified.certificate,
                   .client_key = certified.private_key}));
}

TEST_F(ClientTlsTest, ResumesConnectionsThatTheServerHasClosed) {
  ServerOptions options{.certificate = certified.certificate, .private_key = certified.private_key};
  options.port = server->port();
  auto client = std::move(*Client::create({.ca_certificates = authority.certificate}));
  ASSERT_TRUE(client->send({.url = origin("127.0.0.1")}, {}));
  server.reset();
  server = std::move(
      *Server::start(options, [](ServerRequest&, ServerResponse& response, std::stop_token) {
        static_cast<void>(response.send_text(200, "again"));
      }));
  auto response = client->send({.url = origin("127.0.0.1")}, {});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, "again");
}

}  // namespace
}  // namespace dmaas::http
