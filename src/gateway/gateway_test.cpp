#include "gateway/gateway.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "api/gateway_configuration.hpp"
#include "base/json.hpp"
#include "crypto/certificate.hpp"
#include "crypto/sha256.hpp"
#include "gateway/authentication.hpp"
#include "http/client.hpp"

namespace dmaas::gateway {
namespace {

using namespace std::chrono_literals;

/// A token is the UID of the pod that it is bound to, or "controller".
class PodReviewer final : public TokenReviewer {
public:
  Result<std::optional<Caller>> review(const std::string& token, std::stop_token) override {
    if (token == "controller") {
      return std::optional(Caller{"system:serviceaccount:dmaas-system:dmaas-controller", {}});
    }
    return std::optional(Caller{"system:serviceaccount:dmaas-system:mover", token});
  }
};

std::size_t resident_peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
  }
  return 0;
}

/// A gateway over TLS on a local directory, configured by files.
class GatewayTest : public testing::Test {
protected:
  void SetUp() override {
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory + "/configuration");
    write("configuration/storages.json",
          api::encode_gateway_storages({{.name = "s/main", .location = directory + "/storage"}}));
    write("configuration/grants.json",
          api::encode_gateway_grants({{.pod_uid = "pod",
                                       .storage = "s/main",
                                       .repository = "east/db",
                                       .scope = api::GatewayScope::backup}}));
    auto key =
        *crypto::make_server_certificate(authority, {{}, {"127.0.0.1"}}, 24h, system_clock());
    write("tls.crt", key.certificate);
    write("tls.key", key.private_key);
    GatewayOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.tls.certificate = directory + "/tls.crt";
    options.tls.private_key = directory + "/tls.key";
    options.configuration_directory = directory + "/configuration";
    options.cache_directory = directory + "/cache";
    std::promise<std::uint16_t> listening;
    thread = std::jthread([&, options](std::stop_token stop) {
      GatewayEnvironment environment{
          .clock = system_clock(), .reviewer = &reviewer, .on_listening = [&](std::uint16_t value) {
            listening.set_value(value);
          }};
      ended = run_gateway(options, environment, stop);
    });
    port = listening.get_future().get();
    http::ClientOptions client_options;
    client_options.ca_certificates = authority.certificate;
    client = std::move(*http::Client::create(client_options));
    for (int i = 0; i < 500 && send("GET", "/readyz").status != 200; ++i)
      std::this_thread::sleep_for(10ms);
  }
  void TearDown() override {
    thread = {};
    EXPECT_TRUE(ended);
    std::filesystem::remove_all(directory);
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory + "/" + name) << text;
  }
  http::Request request(const std::string& method, const std::string& path,
                        const std::string& token = "pod") const {
    http::Request made;
    made.method = method;
    made.url = "https://127.0.0.1:" + std::to_string(port) + path;
    made.headers = {{"Authorization", "Bearer " + token}};
    return made;
  }
  http::Response send(const std::string& method, const std::string& path) {
    auto response = client->send(request(method, path), {});
    return response ? *response : http::Response{};
  }

  const std::string directory = testing::TempDir() + "gateway_test";
  crypto::CertifiedKey authority = *crypto::make_authority("test", 24h, system_clock());
  PodReviewer reviewer;
  Result<> ended;
  std::uint16_t port = 0;
  std::unique_ptr<http::Client> client;
  std::jthread thread;
};

TEST_F(GatewayTest, StreamsLargeObjectsBothWaysInBoundedMemory) {
  constexpr std::uint64_t total = 256 << 20;
  const Bytes piece(1 << 20, 'x');
  crypto::Sha256 hash;
  for (std::uint64_t done = 0; done < total; done += piece.size()) hash.update(piece);
  auto upload = request("POST", "/s/main/east/db/data/" + hex_of(hash.finish()));
  std::uint64_t left = total;
  upload.body_size = total;
  upload.body_reader = [&](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
    auto count = std::min<std::uint64_t>(buffer.size(), left);
    std::fill_n(buffer.data(), count, 'x');
    left -= count;
    return count;
  };
  std::ofstream("/proc/self/clear_refs") << "5";
  auto before = resident_peak_bytes();
  auto uploaded = client->send(upload, {});
  ASSERT_TRUE(uploaded) << uploaded.error().message();
  EXPECT_EQ(uploaded->status, 200) << uploaded->body;
  upload.method = "GET";
  upload.body_reader = nullptr;
  upload.body_size.reset();
  std::uint64_t received = 0;
  auto loaded = client->stream(
      upload, [](const http::Response&) { return Result<>(); },
      [&](BytesView part) -> Result<> {
        received += part.size();
        return {};
      },
      {});
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(received, total);
  EXPECT_LT(resident_peak_bytes() - before, std::size_t{24} << 20);
}

TEST_F(GatewayTest, MeasuresTheSpaceOfALocalStorageForTheController) {
  std::filesystem::create_directories(directory + "/storage");
  auto response = client->send(request("GET", "/v1/storages/s/main/usage", "controller"), {});
  ASSERT_TRUE(response) << response.error().message();
  auto usage = parse_json(response->body);
  ASSERT_TRUE(usage) << response->body;
  EXPECT_EQ(text_at(*usage, "source"), "statvfs");
  EXPECT_GT(number_at(*usage, "totalBytes").value_or(0),
            number_at(*usage, "freeBytes").value_or(0));
}

TEST_F(GatewayTest, FollowsItsConfigurationWhileItRuns) {
  EXPECT_EQ(send("GET", "/s/main/east/db/config").status, 404);
  write("configuration/grants.json", "[]");
  int status = 404;
  for (int i = 0; i < 500 && status == 404; ++i) {
    std::this_thread::sleep_for(10ms);
    status = send("GET", "/s/main/east/db/config").status;
  }
  EXPECT_EQ(status, 403);
}

TEST(RunGatewayTest, RefusesOptionsThatCannotWork) {
  GatewayOptions options;
  EXPECT_EQ(run_gateway(options, {.clock = system_clock()}, {}).code(), ErrorCode::invalid_input);
  PodReviewer reviewer;
  options.configuration_directory = "/nonexistent";
  options.tls.certificate = "/nonexistent";
  EXPECT_EQ(run_gateway(options, {.clock = system_clock(), .reviewer = &reviewer}, {}).code(),
            ErrorCode::invalid_input);
  options.tls.private_key = "/nonexistent";
  EXPECT_EQ(run_gateway(options, {.clock = system_clock(), .reviewer = &reviewer}, {}).code(),
            ErrorCode::not_found);
}

}  // namespace
}  // namespace dmaas::gateway
