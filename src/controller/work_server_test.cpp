#include "controller/work_server.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.hpp"
#include "crypto/certificate.hpp"
#include "http/client.hpp"

namespace dmaas::controller {
namespace {

using namespace std::chrono_literals;

TEST(WorkServerTest, OneThatDoesNotLeadSendsMoversToAnotherConnection) {
  auto authority = *crypto::make_authority("test", 24h, system_clock());
  auto key = *crypto::make_server_certificate(authority, {{}, {"127.0.0.1"}}, 24h, system_clock());
  Settings settings{.tls_directory = testing::TempDir() + "work_server_test",
                    .listen_address = "127.0.0.1",
                    .listen_port = 0};
  std::filesystem::create_directories(settings.tls_directory);
  ASSERT_TRUE(
      write_file_atomically(settings.tls_directory + "/tls.crt", bytes_of(key.certificate)));
  ASSERT_TRUE(
      write_file_atomically(settings.tls_directory + "/tls.key", bytes_of(key.private_key)));
  auto server = *WorkServer::start(settings, system_clock());
  auto client = *http::Client::create({.ca_certificates = authority.certificate});
  auto url = "https://127.0.0.1:" + std::to_string(server->port());
  auto refused = client->send({.url = url + "/v1/work-order"}, {});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(http::header_of(refused->headers, "connection"), "close");
  auto healthy = client->send({.url = url + "/healthz"}, {});
  ASSERT_TRUE(healthy);
  EXPECT_EQ(healthy->status, 200);
  std::filesystem::remove_all(settings.tls_directory);
}

}  // namespace
}  // namespace dmaas::controller
