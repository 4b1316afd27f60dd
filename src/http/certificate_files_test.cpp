#include "http/certificate_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/file.hpp"
#include "http/client.hpp"

namespace dmaas::http {
namespace {

using namespace std::chrono_literals;

/// A server whose certificate lies in files, on a clock that the test turns.
class CertificateFilesTest : public testing::Test {
protected:
  void SetUp() override {
    std::filesystem::create_directories(directory);
    write(certified_by(first));
    auto known = *load_certificate(files);
    ServerOptions options;
    options.certificate = known.certificate;
    options.private_key = known.private_key;
    server = std::move(
        *Server::start(options, [](ServerRequest&, ServerResponse& response, std::stop_token) {
          static_cast<void>(response.send_text(200, "ok"));
        }));
    follower = std::jthread([this, known](std::stop_token stop) {
      follow_certificate(files, known, *server, clock, stop);
    });
  }
  void TearDown() override {
    follower = {};
    std::filesystem::remove_all(directory);
  }

  static crypto::CertifiedKey certified_by(const crypto::CertifiedKey& authority) {
    return *crypto::make_server_certificate(authority, {{}, {"127.0.0.1"}}, 24h, system_clock());
  }
  void write(const crypto::CertifiedKey& key) const {
    ASSERT_TRUE(write_file_atomically(files.certificate, bytes_of(key.certificate)));
    ASSERT_TRUE(write_file_atomically(files.private_key, bytes_of(key.private_key)));
  }
  bool is_served_under(const crypto::CertifiedKey& authority) const {
    auto client = *Client::create({.ca_certificates = authority.certificate});
    auto url = "https://127.0.0.1:" + std::to_string(server->port()) + "/";
    return client->send({.url = url}, {}).has_value();
  }
  /// Lets minutes pass until the server's certificate is of this authority.
  bool becomes_served_under(const crypto::CertifiedKey& authority) {
    for (int minute = 0; minute < 500; ++minute) {
      clock.advance(1min);
      if (is_served_under(authority)) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  const std::string directory = testing::TempDir() + "certificate_files_test";
  const CertificateFiles files{directory + "/tls.crt", directory + "/tls.key"};
  crypto::CertifiedKey first = *crypto::make_authority("first", 24h, system_clock());
  crypto::CertifiedKey second = *crypto::make_authority("second", 24h, system_clock());
  ManualClock clock{Timestamp(1'800'000'000s)};
  std::unique_ptr<Server> server;
  std::jthread follower;
};

TEST_F(CertificateFilesTest, ServerTakesTheCertificateThatIsWrittenWhileItRuns) {
  EXPECT_TRUE(is_served_under(first));
  write(certified_by(second));
  EXPECT_TRUE(becomes_served_under(second));
}

TEST_F(CertificateFilesTest, HalfWrittenPairIsLeftUntilItFits) {
  auto renewed = certified_by(second);
  ASSERT_TRUE(write_file_atomically(files.certificate, bytes_of(renewed.certificate)));
  for (int minute = 0; minute < 3; ++minute) {
    clock.advance(1min);
    EXPECT_TRUE(is_served_under(first));
  }
  write(renewed);
  EXPECT_TRUE(becomes_served_under(second));
}

TEST_F(CertificateFilesTest, MissingFilesAreAnError) {
  EXPECT_EQ(load_certificate({directory + "/absent", directory + "/absent"}).code(),
            ErrorCode::not_found);
}

}  // namespace
}  // namespace dmaas::http
