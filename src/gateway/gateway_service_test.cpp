#include "gateway/gateway_service.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/json.hpp"
#include "crypto/sha256.hpp"
#include "http/testing/raw_client.hpp"
#include "storage/memory_store.hpp"

namespace dmaas::gateway {
namespace {

using namespace std::chrono_literals;
using api::GatewayScope;
using http::header_of;
using storage::FaultyStore;
using storage::MemoryStore;

/// Tokens are "<user>/<pod uid>"; "bad" is refused.
class PlainReviewer final : public TokenReviewer {
public:
  Result<std::optional<Caller>> review(const std::string& token, std::stop_token) override {
    if (token == "away") return fail(ErrorCode::unavailable, "no API server");
    if (token == "bad") return std::nullopt;
    auto slash = token.find('/');
    return Caller{token.substr(0, slash), slash == token.npos ? "" : token.substr(slash + 1)};
  }
};

/// A store that others own.
class BorrowedStore final : public storage::ObjectStore {
public:
  explicit BorrowedStore(ObjectStore& inner) : inner_(inner) {}
  std::string location() const override { return inner_.location(); }
  unsigned connections() const override { return 1; }
  Result<storage::ObjectInfo> stat(std::string_view name, std::stop_token stop) override {
    return inner_.stat(name, stop);
  }
  Result<> load(std::string_view name, storage::Range range, const storage::Sink& sink,
                std::stop_token stop) override {
    return inner_.load(name, range, sink, stop);
  }
  Result<> save(std::string_view name, storage::ObjectSource& source,
                const storage::SaveOptions& options, std::stop_token stop) override {
    return inner_.save(name, source, options, stop);
  }
  Result<> remove(std::string_view name, std::stop_token stop) override {
    return inner_.remove(name, stop);
  }
  Result<> list(std::string_view directory,
                const std::function<Result<>(const storage::ObjectInfo&)>& each,
                std::stop_token stop) override {
    return inner_.list(directory, each, stop);
  }

private:
  ObjectStore& inner_;
};

std::string sha_hex(std::string_view text) {
  return hex_of(crypto::sha256(bytes_of(text)));
}

const std::string controller_user = "system:serviceaccount:dmaas-system:dmaas-controller";

class GatewayServiceTest : public testing::Test {
protected:
  void SetUp() override {
    std::filesystem::remove_all(cache_directory);
    cache = std::move(*DiskCache::open(cache_directory, 1 << 20));
    configuration.take_storages(
        api::encode_gateway_storages({{.name = "s/main", .location = "memory"}}));
    grant("backup", GatewayScope::backup);
    grant("read", GatewayScope::read);
    grant("maintain", GatewayScope::maintain);
    service = std::make_unique<GatewayService>(
        GatewayParts{configuration, reviewer, cache.get(), system_clock(), controller_user, {}});
    server = std::move(
        *http::Server::start({}, [this](auto& request, auto& response, std::stop_token stop) {
          service->handle(request, response, stop);
        }));
    client = std::move(*http::Client::create({}));
  }
  void TearDown() override {
    server.reset();
    std::filesystem::remove_all(cache_directory);
  }

  void grant(const std::string& pod, GatewayScope scope) {
    grants.push_back({.pod_uid = pod,
                      .session = "BackupSession/shop/" + pod,
                      .storage = "s/main",
                      .repository = "east/db",
                      .scope = scope});
    configuration.take_grants(api::encode_gateway_grants(grants));
  }

  http::Response ask(const std::string& token, const std::string& method, const std::string& path,
                     std::string body = {}, http::Headers headers = {}) {
    http::Request request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server->port()) + path;
    request.headers = std::move(headers);
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    request.body = std::move(body);
    auto response = client->send(request, {});
    EXPECT_TRUE(response) << response.error().message();
    return response ? *response : http::Response{};
  }
  int status(const std::string& token, const std::string& method, const std::string& path,
             std::string body = {}) {
    return ask(token, method, path, std::move(body)).status;
  }

  const std::string cache_directory = testing::TempDir() + "gateway_service_cache";
  const std::string repository = "/s/main/east/db";
  MemoryStore memory;
  FaultyStore store{memory};
  StorageSet storages{
      [this](const api::GatewayStorage&) -> Result<std::unique_ptr<storage::ObjectStore>> {
        return std::make_unique<BorrowedStore>(store);
      }};
  Configuration configuration{storages};
  std::vector<api::GatewayGrant> grants;
  PlainReviewer reviewer;
  std::unique_ptr<DiskCache> cache;
  std::unique_ptr<GatewayService> service;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<http::Client> client;
};

TEST_F(GatewayServiceTest, SaysNothingForGoodBeforeItKnowsStoragesAndGrants) {
  Configuration unknown{storages};
  GatewayService starting{{unknown, reviewer, nullptr, system_clock(), controller_user, {}}};
  server =
      std::move(*http::Server::start({}, [&](auto& request, auto& response, std::stop_token stop) {
        starting.handle(request, response, stop);
      }));
  auto answer = ask("mover/backup", "GET", repository + "/config");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(header_of(answer.headers, "Retry-After"), "1");
  unknown.take_storages("[]");
  EXPECT_EQ(status("mover/backup", "GET", repository + "/config"), 503);
  unknown.take_grants("[]");
  EXPECT_EQ(status("mover/backup", "GET", repository + "/config"), 403);
  server.reset();
}

TEST_F(GatewayServiceTest, LetsEachScopeDoWhatItMayWithEachKindOfObject) {
  struct Row {
    std::string scope;
    std::string savable;    // kinds that may be written
    std::string removable;  // kinds that may be removed though another made them
  };
  const std::vector<Row> rows{{"mover/backup", "locks snapshots index data", ""},
                              {"mover/read", "locks", ""},
                              {"mover/maintain", "config keys locks snapshots index data",
                               "config keys locks snapshots index data"},
                              {controller_user, "config keys locks snapshots index data",
                               "config keys locks snapshots index data"}};
  for (const auto& row : rows) {
    for (std::string kind : {"config", "keys", "locks", "snapshots", "index", "data"}) {
      memory.objects().clear();
      const bool is_config = kind == "config";
      auto path_of = [&](const std::string& content) {
        return repository + "/" + kind + (is_config ? "" : "/" + sha_hex(content));
      };
      const bool may_save = row.savable.find(kind) != row.savable.npos;
      const bool may_remove = row.removable.find(kind) != row.removable.npos;
      EXPECT_EQ(status(row.scope, "POST", path_of("new"), "new"), may_save ? 200 : 403)
          << row.scope << kind;
      EXPECT_EQ(memory.objects().size(), may_save ? 1u : 0u) << row.scope << kind;
      memory.objects().clear();
      EXPECT_EQ(status(controller_user, "POST", path_of("old"), "old"), 200);
      EXPECT_EQ(ask(row.scope, "GET", path_of("old")).body, "old") << row.scope << kind;
      EXPECT_EQ(header_of(ask(row.scope, "HEAD", path_of("old")).headers, "Content-Length"), "3")
          << row.scope << kind;
      if (!is_config) {
        EXPECT_EQ(status(row.scope, "GET", repository + "/" + kind + "/"), 200)
            << row.scope << kind;
      }
      EXPECT_EQ(status(row.scope, "DELETE", path_of("old")), may_remove ? 200 : 403)
          << row.scope << kind;
      EXPECT_EQ(memory.objects().size(), may_remove ? 0u : 1u) << row.scope << kind;
    }
  }
}

TEST_F(GatewayServiceTest, RefusesWhoIsNobodyOrHasNoGrant) {
  EXPECT_EQ(status("", "GET", repository + "/config"), 401);
  auto refused = ask("bad", "GET", repository + "/config");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(header_of(refused.headers, "WWW-Authenticate"), "Basic realm=\"dmaas-gateway\"");
  EXPECT_EQ(status("away", "GET", repository + "/config"), 503);
  EXPECT_EQ(status("mover/stranger", "GET", repository + "/config"), 403);
  EXPECT_EQ(status("mover", "GET", repository + "/config"), 403);
  for (auto other : {"/s/main/east/db2/config", "/s/main/east/config", "/s/main/east/db/x/config",
                     "/s/other/east/db/config"}) {
    EXPECT_EQ(status("mover/maintain", "GET", other), 403) << other;
  }
  EXPECT_EQ(status("mover/maintain", "GET", "/s/main/east/x/../db/config") / 100, 4);
  EXPECT_EQ(status("mover/maintain", "GET", "/s/main/east%2Fdb/config"), 400);
  EXPECT_EQ(status("mover/maintain", "PATCH", repository + "/config"), 405);
  EXPECT_EQ(store.calls(), 0u);
}

TEST_F(GatewayServiceTest, RefusesAPodWhoseSessionEnded) {
  EXPECT_EQ(status("mover/backup", "GET", repository + "/config"), 404);
  grants.clear();
  configuration.take_grants("[]");
  EXPECT_EQ(status("mover/backup", "GET", repository + "/config"), 403);
}

TEST_F(GatewayServiceTest, WithholdsAnUploadThatEndsAfterItsSession) {
  std::string content(3 << 20, 'x');
  http::RawClient slow(server->port());
  ASSERT_TRUE(slow.send("POST " + repository + "/data/" + sha_hex(content) +
                        " HTTP/1.1\r\nAuthorization: Bearer mover/backup\r\nContent-Length: " +
                        std::to_string(content.size()) + "\r\n\r\n" + content.substr(0, 2 << 20)));
  std::this_thread::sleep_for(100ms);
  configuration.take_grants("[]");
  ASSERT_TRUE(slow.send(content.substr(2 << 20)));
  EXPECT_TRUE(slow.read_answer().starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(memory.objects().empty());
}

TEST_F(GatewayServiceTest, ShowsAnObjectOnlyWhenItsBytesHaveItsName) {
  auto name = sha_hex("right");
  EXPECT_EQ(status("mover/backup", "POST", repository + "/data/" + name, "wrong"), 400);
  EXPECT_TRUE(memory.objects().empty());
  std::string large(3 << 20, 'x');
  EXPECT_EQ(status("mover/backup", "POST", repository + "/data/" + sha_hex(large), large + "y"),
            400);
  EXPECT_TRUE(memory.objects().empty());
  EXPECT_EQ(status("mover/backup", "POST", repository + "/data/" + sha_hex(large), large), 200);
  EXPECT_EQ(memory.objects().begin()->first,
            "east/db/data/" + sha_hex(large).substr(0, 2) + "/" + sha_hex(large));
}

TEST_F(GatewayServiceTest, WritesNothingOverAnExistingObject) {
  auto path = repository + "/data/" + sha_hex("x");
  EXPECT_EQ(status("mover/backup", "POST", path, "x"), 200);
  memory.objects().begin()->second = copy_of(bytes_of("stored"));
  EXPECT_EQ(status("mover/backup", "POST", path, "x"), 200);
  EXPECT_EQ(text_of(memory.objects().begin()->second), "stored");
  EXPECT_EQ(status(controller_user, "POST", repository + "/config", "one"), 200);
  EXPECT_EQ(status(controller_user, "POST", repository + "/config", "two"), 409);
}

TEST_F(GatewayServiceTest, DropsAnUploadWhoseClientVanishes) {
  std::string content(3 << 20, 'x');
  http::RawClient client_that_dies(server->port());
  ASSERT_TRUE(client_that_dies.send(
      "POST " + repository + "/data/" + sha_hex(content) +
      " HTTP/1.1\r\nAuthorization: Bearer mover/backup\r\nContent-Length: 3145728\r\n\r\n" +
      content.substr(0, 1000)));
  client_that_dies.reset();
  EXPECT_EQ(status("mover/backup", "POST", repository + "/data/" + sha_hex("x"), "x"), 200);
  server.reset();
  EXPECT_EQ(memory.objects().size(), 1u);
}

TEST_F(GatewayServiceTest, LetsAPodRemoveItsOwnLocksOnly) {
  auto lock = repository + "/locks/" + sha_hex("lock");
  EXPECT_EQ(status("mover/backup", "POST", lock, "lock"), 200);
  EXPECT_EQ(status("mover/read", "DELETE", lock), 403);
  // Saying "make it" again does not make it one's own.
  EXPECT_EQ(status("mover/read", "POST", lock, "lock"), 200);
  EXPECT_EQ(status("mover/read", "DELETE", lock), 403);
  EXPECT_EQ(status("mover/backup", "DELETE", lock), 200);
  EXPECT_TRUE(memory.objects().empty());
}

TEST_F(GatewayServiceTest, ListsInBothVersionsOfTheProtocol) {
  auto id = sha_hex("abc");
  EXPECT_EQ(status("mover/backup", "POST", repository + "/data/" + id, "abc"), 200);
  memory.objects()["east/db/data/ff/not-an-object"] = {};
  memory.objects()["east/db2/data/" + id.substr(0, 2) + "/" + id] = {};
  EXPECT_EQ(ask("mover/read", "GET", repository + "/data/").body, "[\"" + id + "\"]");
  auto v2 = ask("mover/read", "GET", repository + "/data/", {},
                {{"Accept", "application/vnd.x.restic.rest.v2"}});
  EXPECT_EQ(v2.body, "[{\"name\":\"" + id + "\",\"size\":3}]");
  EXPECT_EQ(header_of(v2.headers, "Content-Type"), "application/vnd.x.restic.rest.v2");
  EXPECT_EQ(ask("mover/read", "GET", repository + "/locks/").body, "[]");
  for (int i = 0; i < 5000; ++i)
    memory.objects()["east/db/index/" + sha_hex(std::to_string(i))] = Bytes(7);
  auto many = parse_json(ask("mover/read", "GET", repository + "/index/").body);
  ASSERT_TRUE(many);
  EXPECT_EQ(many->as_array().size(), 5000u);
}

TEST_F(GatewayServiceTest, ServesRanges) {
  auto path = repository + "/data/" + sha_hex("0123456789");
  EXPECT_EQ(status("mover/backup", "POST", path, "0123456789"), 200);
  auto range = [&](const std::string& text) {
    return ask("mover/read", "GET", path, {}, {{"Range", text}});
  };
  EXPECT_EQ(range("bytes=2-4").body, "234");
  EXPECT_EQ(range("bytes=2-4").status, 206);
  EXPECT_EQ(header_of(range("bytes=2-4").headers, "Content-Range"), "bytes 2-4/*");
  EXPECT_EQ(range("bytes=7-").body, "789");
  EXPECT_EQ(range("bytes=-4").body, "6789");
  EXPECT_EQ(header_of(range("bytes=-4").headers, "Content-Range"), "bytes 6-9/10");
  EXPECT_EQ(range("bytes=10-").status, 416);
  EXPECT_EQ(range("bytes=5-20").status, 416);
  EXPECT_EQ(range("bytes=x").status, 400);
}

TEST_F(GatewayServiceTest, FetchesIndexAndSnapshotsOnceAndForgetsRemovedOnes) {
  auto path = repository + "/index/" + sha_hex("index");
  EXPECT_EQ(status(controller_user, "GET", path), 404);
  EXPECT_EQ(status(controller_user, "POST", path, "index"), 200);
  EXPECT_EQ(ask("mover/read", "GET", path).body, "index");
  auto calls = store.calls();
  EXPECT_EQ(ask("mover/backup", "GET", path).body, "index");
  EXPECT_EQ(store.calls(), calls);
  EXPECT_EQ(status("mover/stranger", "GET", path), 403);
  EXPECT_EQ(status(controller_user, "DELETE", path), 200);
  EXPECT_EQ(status("mover/backup", "GET", path), 404);
  auto lock = repository + "/locks/" + sha_hex("lock");
  EXPECT_EQ(status("mover/backup", "POST", lock, "lock"), 200);
  EXPECT_EQ(ask("mover/backup", "GET", lock).body, "lock");
  memory.objects().clear();
  EXPECT_EQ(status("mover/backup", "GET", lock), 404);
}

TEST_F(GatewayServiceTest, FetchesShortPartsOfPacksOnce) {
  auto path = repository + "/data/" + sha_hex("0123456789");
  EXPECT_EQ(status("mover/backup", "POST", path, "0123456789"), 200);
  auto range = [&](const std::string& text) {
    return ask("mover/read", "GET", path, {}, {{"Range", text}});
  };
  EXPECT_EQ(range("bytes=5-20").status, 416);
  EXPECT_EQ(range("bytes=2-4").body, "234");
  auto calls = store.calls();
  auto again = range("bytes=2-4");
  EXPECT_EQ(again.status, 206);
  EXPECT_EQ(again.body, "234");
  EXPECT_EQ(header_of(again.headers, "Content-Range"), "bytes 2-4/*");
  EXPECT_EQ(store.calls(), calls);
  EXPECT_EQ(status(controller_user, "DELETE", path), 200);
  EXPECT_EQ(range("bytes=2-4").status, 404);
}

TEST_F(GatewayServiceTest, TellsFailuresOfTheStorageApart) {
  ErrorCode code = ErrorCode::exhausted;
  store.set_rule(
      [&](FaultyStore::Call, std::string_view) { return std::optional(Error(code, "the cause")); });
  auto path = repository + "/data/" + sha_hex("x");
  auto full = ask("mover/backup", "POST", path, "x");
  EXPECT_EQ(full.status, 507);
  EXPECT_NE(full.body.find("s/main"), std::string::npos);
  code = ErrorCode::unavailable;
  EXPECT_EQ(status("mover/backup", "GET", path), 503);
  EXPECT_EQ(header_of(ask("mover/backup", "POST", path, "x").headers, "Retry-After"), "5");
  code = ErrorCode::permission_denied;
  auto denied = ask("mover/backup", "GET", repository + "/data/");
  EXPECT_EQ(denied.status, 502);
  EXPECT_NE(denied.body.find("refuses the gateway: the cause"), std::string::npos) << denied.body;
}

TEST_F(GatewayServiceTest, AnswersTheControllerAboutStoragesAndNobodyElse) {
  const std::string storage = "/v1/storages/s/main/";
  for (auto path : {"repositories", "sizes", "usage", "objects/.dmaas/storage.json"}) {
    EXPECT_EQ(status("mover/maintain", "GET", storage + path), 403) << path;
  }
  EXPECT_EQ(status("mover/maintain", "POST", storage + "probe"), 403);
  EXPECT_EQ(status(controller_user, "PUT", storage + "objects/.dmaas/storage.json", "{}"), 200);
  EXPECT_EQ(status(controller_user, "PUT", storage + "objects/.dmaas/storage.json", "{1}"), 200);
  EXPECT_EQ(ask(controller_user, "GET", storage + "objects/.dmaas/storage.json").body, "{1}");
  EXPECT_EQ(status(controller_user, "PUT", storage + "objects/east/db/config", "{}"), 403);
  EXPECT_EQ(status(controller_user, "GET", storage + "objects/.dmaas/../east/db/config") / 100, 4);
  memory.objects()["east/db/config"] = {};
  memory.objects()["east/ns/config"] = {};
  EXPECT_EQ(ask(controller_user, "GET", storage + "repositories").body,
            "[\"east/db\",\"east/ns\"]");
  memory.objects()["east/db/data/aa/" + std::string(64, 'a')] = Bytes(1000);
  memory.objects()["east/db/index/" + std::string(64, 'b')] = Bytes(10);
  EXPECT_EQ(ask(controller_user, "GET", storage + "sizes").body,
            "{\"east/db\":1010,\"east/ns\":0}");
  EXPECT_EQ(ask(controller_user, "GET", storage + "usage").body, "{\"source\":\"unknown\"}");
  EXPECT_EQ(status("mover/maintain", "DELETE", storage + "repositories/east/ns"), 403);
  EXPECT_EQ(ask(controller_user, "DELETE", storage + "repositories/east/ns").body,
            "{\"removed\":0,\"done\":true}");
  EXPECT_FALSE(memory.objects().contains("east/ns/config"));
  EXPECT_EQ(status(controller_user, "DELETE", storage + "objects/.dmaas/storage.json"), 200);
  auto probe = ask(controller_user, "POST", storage + "probe");
  EXPECT_EQ(probe.status, 200);
  EXPECT_NE(probe.body.find("latencySeconds"), std::string::npos);
  EXPECT_EQ(memory.objects().size(), 3u);
  EXPECT_EQ(status(controller_user, "POST", "/v1/storages/s/none/probe"), 404);
  store.set_rule([](FaultyStore::Call call, std::string_view) {
    return call == FaultyStore::Call::load
               ? std::optional(Error(ErrorCode::permission_denied, "AccessDenied"))
               : std::nullopt;
  });
  auto failed = ask(controller_user, "POST", storage + "probe");
  EXPECT_EQ(failed.status, 502);
  EXPECT_NE(failed.body.find("reading: AccessDenied"), std::string::npos) << failed.body;
}

TEST_F(GatewayServiceTest, ReportsHealthReadinessAndCountsWithoutAuthentication) {
  EXPECT_EQ(status("", "GET", "/healthz"), 200);
  EXPECT_EQ(status("", "GET", "/readyz"), 200);
  EXPECT_EQ(status("mover/backup", "POST", repository + "/data/" + sha_hex("abc"), "abc"), 200);
  EXPECT_EQ(status("bad", "GET", repository + "/config"), 401);
  auto metrics = ask("", "GET", "/metrics").body;
  for (auto line : {"dmaas_gateway_requests_total{action=\"save\",kind=\"data\",code=\"200\"} 1\n",
                    "dmaas_gateway_received_bytes_total 3\n",
                    "dmaas_gateway_authentications_total{outcome=\"refused\"} 1\n",
                    "dmaas_gateway_grants 3\n", "dmaas_gateway_requests_in_flight 0\n"}) {
    EXPECT_NE(metrics.find(line), metrics.npos) << line << metrics;
  }
  service->begin_shutdown();
  EXPECT_EQ(status("", "GET", "/readyz"), 503);
}

TEST_F(GatewayServiceTest, NeverWritesTokensIntoTheLog) {
  testing::internal::CaptureStderr();
  ask("mover/backup", "GET", repository + "/config");
  ask("bad", "GET", repository + "/config");
  ask("secret-token-xyz/none", "GET", repository + "/config");
  server.reset();
  auto log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("session=BackupSession/shop/backup"), log.npos) << log;
  EXPECT_NE(log.find("repository=s/main/east/db"), log.npos);
  EXPECT_EQ(log.find("Bearer"), log.npos);
  EXPECT_EQ(log.find("xyz/none"), log.npos);
}

}  // namespace
}  // namespace dmaas::gateway
