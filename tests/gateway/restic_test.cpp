#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "api/gateway_configuration.hpp"
#include "base/file.hpp"
#include "crypto/certificate.hpp"
#include "crypto/random.hpp"
#include "gateway/authentication.hpp"
#include "gateway/gateway.hpp"
#include "http/client.hpp"
#include "minio_server.hpp"

namespace dmaas::gateway {
namespace {

using namespace std::chrono_literals;
using api::GatewayScope;

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

struct CommandResult {
  int exit_code = -1;
  std::string output;
};

CommandResult run(const std::string& command) {
  CommandResult result;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  ENSURE(pipe != nullptr);
  char buffer[4096];
  while (auto count = std::fread(buffer, 1, sizeof buffer, pipe))
    result.output.append(buffer, count);
  result.exit_code = WEXITSTATUS(::pclose(pipe));
  return result;
}

/// Stock restic against a gateway over TLS on a local directory.
class ResticTest : public testing::Test {
protected:
  void SetUp() override {
    ENSURE(run("restic version").exit_code == 0);
    std::filesystem::remove_all(directory);
    for (auto part : {"configuration", "home", "source/below"}) {
      std::filesystem::create_directories(directory + "/" + part);
    }
    write("configuration/storages.json",
          api::encode_gateway_storages({{.name = "s/main", .location = directory + "/storage"}}));
    grant({{"backup", GatewayScope::backup},
           {"read", GatewayScope::read},
           {"maintain", GatewayScope::maintain}});
    auto authority = *crypto::make_authority("test", 24h, system_clock());
    auto key =
        *crypto::make_server_certificate(authority, {{}, {"127.0.0.1"}}, 24h, system_clock());
    write("ca.crt", authority.certificate);
    write("tls.crt", key.certificate);
    write("tls.key", key.private_key);
    start_gateway();
    fill_source();
  }
  void TearDown() override {
    gateway = {};
    EXPECT_TRUE(ended);
    if (!HasFailure()) std::filesystem::remove_all(directory);
  }

  void start_gateway() {
    GatewayOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.tls.certificate = directory + "/tls.crt";
    options.tls.private_key = directory + "/tls.key";
    options.configuration_directory = directory + "/configuration";
    options.cache_directory = directory + "/cache";
    std::promise<std::uint16_t> listening;
    gateway = std::jthread([&, options](std::stop_token stop) {
      GatewayEnvironment environment{
          .clock = system_clock(), .reviewer = &reviewer, .on_listening = [&](std::uint16_t value) {
            listening.set_value(value);
          }};
      ended = run_gateway(options, environment, stop);
    });
    port = listening.get_future().get();
    std::this_thread::sleep_for(100ms);
  }

  void grant(const std::vector<std::pair<std::string, GatewayScope>>& pods) {
    std::vector<api::GatewayGrant> grants;
    for (const auto& [pod, scope] : pods) {
      grants.push_back({.pod_uid = pod,
                        .session = "test",
                        .storage = "s/main",
                        .repository = "east/ns/shop/db",
                        .scope = scope});
    }
    write("configuration/grants.json", api::encode_gateway_grants(grants));
  }

  void fill_source() {
    for (int i = 0; i < 40; ++i) {
      auto bytes = crypto::random_bytes(static_cast<std::size_t>(i) * 40'000);
      write(fmt::format("source/below/file{}", i), std::string(text_of(bytes)));
    }
  }

  std::string restic_command(const std::string& token) const {
    return fmt::format(
        "restic --cacert {0}/ca.crt -r rest:https://any:{1}@127.0.0.1:{2}/s/main/east/ns/shop/db ",
        directory, token, port);
  }
  CommandResult restic(const std::string& token, const std::string& arguments) {
    return run(environment() + restic_command(token) + arguments);
  }
  std::string environment() const {
    return fmt::format("HOME={}/home RESTIC_PASSWORD=geheim ", directory);
  }
  /// restic repeats what was forbidden for minutes: a few seconds show that it does not get
  /// through.
  void expect_forbidden(const std::string& token, const std::string& arguments) {
    auto result = run(environment() + "timeout -s INT 8 " + restic_command(token) + arguments);
    EXPECT_NE(result.exit_code, 0) << token << " " << arguments << ": " << result.output;
    EXPECT_NE(result.output.find("403"), std::string::npos)
        << token << " " << arguments << ": " << result.output;
  }
  void expect_restored(const std::string& token, const std::string& place) {
    auto target = directory + "/" + place;
    auto restored = restic(token, "restore latest --target " + target);
    EXPECT_EQ(restored.exit_code, 0) << restored.output;
    auto compared = run("diff -r " + directory + "/source " + target + directory + "/source");
    EXPECT_EQ(compared.exit_code, 0) << compared.output;
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory + "/" + name) << text;
  }

  const std::string directory = testing::TempDir() + "gateway_restic";
  PodReviewer reviewer;
  Result<> ended;
  std::uint16_t port = 0;
  std::jthread gateway;
};

TEST_F(ResticTest, BacksUpChecksRestoresAndPrunesThroughTheGateway) {
  auto made = restic("controller", "init");
  ASSERT_EQ(made.exit_code, 0) << made.output;
  EXPECT_TRUE(std::filesystem::exists(directory + "/storage/east/ns/shop/db/config"));
  auto first = restic("backup", "backup " + directory + "/source");
  ASSERT_EQ(first.exit_code, 0) << first.output;
  write("source/new", "one more file");
  auto second = restic("backup", "backup " + directory + "/source");
  EXPECT_EQ(second.exit_code, 0) << second.output;
  EXPECT_TRUE(std::filesystem::is_empty(directory + "/storage/east/ns/shop/db/locks"));
  expect_restored("read", "restored");
  auto pruned = restic("maintain", "forget --keep-last 1 --prune");
  EXPECT_EQ(pruned.exit_code, 0) << pruned.output;
  auto checked = restic("read", "check --read-data");
  EXPECT_EQ(checked.exit_code, 0) << checked.output;
  expect_restored("read", "restored-again");
  auto direct =
      run(fmt::format("HOME={0}/home RESTIC_PASSWORD=geheim restic -r {0}/storage/east/ns/shop/db "
                      "check --read-data",
                      directory));
  EXPECT_EQ(direct.exit_code, 0) << direct.output;
}

TEST_F(ResticTest, CannotDoWhatItsScopeForbids) {
  const auto repository = directory + "/storage/east/ns/shop/db";
  expect_forbidden("backup", "init");
  EXPECT_FALSE(std::filesystem::exists(repository + "/config"));
  ASSERT_EQ(restic("controller", "init").exit_code, 0);
  ASSERT_EQ(restic("backup", "backup " + directory + "/source").exit_code, 0);
  auto count = [&](const std::string& kind) {
    return std::distance(std::filesystem::directory_iterator(repository + "/" + kind), {});
  };
  write("new-password", "neu");
  expect_forbidden("read", "backup --no-cache " + directory + "/configuration");
  for (auto token : {"backup", "read"}) {
    expect_forbidden(token, "forget latest");
    expect_forbidden(token, "key add --new-password-file " + directory + "/new-password");
  }
  expect_forbidden("stranger", "snapshots --no-lock");
  EXPECT_EQ(count("snapshots"), 1);
  EXPECT_EQ(count("keys"), 1);
  EXPECT_EQ(restic("controller", "unlock --remove-all").exit_code, 0);
  EXPECT_EQ(restic("read", "check --read-data").exit_code, 0);
}

class ResticOnMinioTest : public ResticTest {
protected:
  void SetUp() override {
    ResticTest::SetUp();
    auto started = storage::MinioServer::start();
    ASSERT_TRUE(started) << started.error().message();
    minio = std::move(*started);
    http::ClientOptions options;
    options.ca_certificates = *read_small_file(directory + "/ca.crt");
    client = std::move(*http::Client::create(options));
  }

  void use_secret(const std::string& secret) {
    write("configuration/storages.json",
          api::encode_gateway_storages({{.name = "s/main",
                                         .location = minio->location("backups/prefix"),
                                         .access_key = minio->credentials().access_key,
                                         .secret_key = secret,
                                         .addressing = "path",
                                         .create_container = true}}));
    std::this_thread::sleep_for(1500ms);
  }
  http::Response ask(const std::string& method, const std::string& path) {
    http::Request request;
    request.method = method;
    request.url = fmt::format("https://127.0.0.1:{}{}", port, path);
    request.headers = {{"Authorization", "Bearer controller"}};
    auto response = client->send(request, {});
    EXPECT_TRUE(response) << response.error().message();
    return response.value_or(http::Response{});
  }

  std::unique_ptr<storage::MinioServer> minio;
  std::unique_ptr<http::Client> client;
};

TEST_F(ResticOnMinioTest, BacksUpChecksAndRestoresThroughTheGateway) {
  use_secret(minio->credentials().secret_key);
  auto probe = ask("POST", "/v1/storages/s/main/probe");
  ASSERT_EQ(probe.status, 200) << probe.body;
  ASSERT_EQ(restic("controller", "init").exit_code, 0);
  auto first = restic("backup", "backup --no-cache " + directory + "/source");
  ASSERT_EQ(first.exit_code, 0) << first.output;
  write("source/new", "one more file");
  auto second = restic("backup", "backup --no-cache " + directory + "/source");
  EXPECT_EQ(second.exit_code, 0) << second.output;
  auto pruned = restic("maintain", "forget --keep-last 1 --prune --no-cache");
  EXPECT_EQ(pruned.exit_code, 0) << pruned.output;
  auto checked = restic("read", "check --read-data --no-cache");
  EXPECT_EQ(checked.exit_code, 0) << checked.output;
  expect_restored("read", "restored");
  EXPECT_EQ(ask("GET", "/v1/storages/s/main/repositories").body, "[\"east/ns/shop/db\"]");
  EXPECT_NE(ask("GET", "/metrics").body.find("cache_lookups_total{outcome=\"hit\"}"),
            std::string::npos);
}

TEST_F(ResticOnMinioTest, FollowsRotatedCredentialsAndSaysWhenTheyAreWrong) {
  use_secret("wrong-secret");
  auto refused = ask("POST", "/v1/storages/s/main/probe");
  EXPECT_EQ(refused.status, 502) << refused.body;
  EXPECT_NE(refused.body.find("correct the secret key"), std::string::npos) << refused.body;
  EXPECT_EQ(refused.body.find("wrong-secret"), std::string::npos);
  use_secret(minio->credentials().secret_key);
  EXPECT_EQ(ask("POST", "/v1/storages/s/main/probe").status, 200);
}

TEST_F(ResticTest, IsRefusedAfterItsSessionEnded) {
  ASSERT_EQ(restic("controller", "init").exit_code, 0);
  ASSERT_EQ(restic("backup", "snapshots").exit_code, 0);
  grant({});
  std::this_thread::sleep_for(1500ms);
  auto refused = restic("backup", "snapshots --no-lock");
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_NE(refused.output.find("403"), std::string::npos) << refused.output;
}

}  // namespace
}  // namespace dmaas::gateway
