#include "storage/s3/s3_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "crypto/sha256.hpp"
#include "http/testing/scripted_server.hpp"
#include "storage/testing/skipping_clock.hpp"

namespace dmaas::storage {
namespace {

using namespace std::chrono_literals;
using http::ScriptedReply;
using http::ScriptedRequest;
using http::ScriptedServer;
using ::testing::HasSubstr;
using Ending = ScriptedReply::Ending;

ScriptedReply refusal(int status, const std::string& code, http::Headers headers = {}) {
  return {.status = status,
          .headers = std::move(headers),
          .body = "<Error><Code>" + code + "</Code></Error>"};
}

/// The bucket "b" of a scripted server, through everything that open_storage puts around it.
class S3StoreTest : public ::testing::Test {
protected:
  void start(ScriptedServer::Script script, std::chrono::seconds give_up_after = 900s) {
    server = std::make_unique<ScriptedServer>(std::move(script));
    store = std::move(*open_storage(
        "s3:" + server->origin() + "/b/p",
        {.s3 = {.access_key = "a", .secret_key = "secret"}, .give_up_after = give_up_after},
        clock));
  }
  std::size_t count(std::string_view method, std::string_view part = "") const {
    const auto requests = server->requests();
    return static_cast<std::size_t>(std::ranges::count_if(requests, [&](const auto& request) {
      return request.method == method && request.target.find(part) != std::string::npos;
    }));
  }

  SkippingClock clock;
  std::unique_ptr<ScriptedServer> server;
  std::unique_ptr<ObjectStore> store;
  std::atomic<int> calls = 0;
};

TEST_F(S3StoreTest, TriesAgainUntilAFailingServerRecovers) {
  const ScriptedReply faults[] = {refusal(500, "InternalError"),
                                  refusal(503, "SlowDown"),
                                  {.status = 502, .body = "<html>"},
                                  {.ending = Ending::reset}};
  start([&](const ScriptedRequest&) { return calls < 4 ? faults[calls++] : ScriptedReply{}; });
  auto saved = store->save_bytes("config", bytes_of("text"), {}, {});
  ASSERT_TRUE(saved) << saved.error().message();
  EXPECT_EQ(server->requests().size(), 5);
  EXPECT_EQ(server->requests().back().body, "text");
  EXPECT_EQ(server->requests().back().target, "/b/p/config");
}

TEST_F(S3StoreTest, MakingABucketWaitsForAServerThatIsStillStarting) {
  start([&](const ScriptedRequest&) {
    return calls++ == 0 ? refusal(503, "XMinioServerNotInitialized") : ScriptedReply{};
  });
  const auto made =
      create_container("s3:" + server->origin() + "/b/p",
                       {.s3 = {.access_key = "a", .secret_key = "secret"}}, clock, {});
  EXPECT_TRUE(made) << made.error().message();
  EXPECT_GE(server->requests().size(), 2);
}

TEST_F(S3StoreTest, WaitsAsLongAsAThrottlingServerAsks) {
  start([&](const ScriptedRequest&) {
    return calls++ == 0 ? refusal(503, "SlowDown", {{"Retry-After", "120"}}) : ScriptedReply{};
  });
  ASSERT_TRUE(store->remove("config", {}));
  EXPECT_GE(clock.monotonic(), 120s);
}

TEST_F(S3StoreTest, GoesOnWhereATruncatedDownloadEnded) {
  const std::string content(100'000, 'x');
  start([&](const ScriptedRequest& request) -> ScriptedReply {
    const auto range = http::header_of(request.headers, "Range");
    if (range.empty()) return {.body = content, .ending = Ending::truncated};
    const std::size_t offset = std::stoul(std::string(range.substr(6)));
    return {.status = 206, .body = content.substr(offset)};
  });
  auto loaded = store->load_all("config", {});
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(text_of(*loaded), content);
  EXPECT_EQ(server->requests().size(), 2);
}

TEST_F(S3StoreTest, ARangeThatTheServerIgnoresIsNotMistaken) {
  start([](const ScriptedRequest&) -> ScriptedReply { return {.body = "0123456789"}; });
  EXPECT_TRUE(store->load_range("config", 2, 3, {}).failed_with(ErrorCode::unsupported));
}

TEST_F(S3StoreTest, AShortPartIsCorrupt) {
  start([](const ScriptedRequest&) -> ScriptedReply { return {.status = 206, .body = "01"}; });
  EXPECT_TRUE(store->load_range("config", 2, 3, {}).failed_with(ErrorCode::corrupt));
}

TEST_F(S3StoreTest, RefusedCredentialsAreNotTriedAgain) {
  start([](const ScriptedRequest&) { return refusal(403, "SignatureDoesNotMatch"); });
  auto saved = store->save_bytes("config", bytes_of("x"), {}, {});
  ASSERT_TRUE(saved.failed_with(ErrorCode::permission_denied));
  EXPECT_THAT(saved.error().message(), HasSubstr("correct the secret key"));
  EXPECT_EQ(server->requests().size(), 1);
}

TEST_F(S3StoreTest, CredentialsThatExpireMidwayEndTheCallWithTheRemedy) {
  start([&](const ScriptedRequest&) {
    return calls++ < 2 ? ScriptedReply{} : refusal(400, "ExpiredToken");
  });
  ASSERT_TRUE(store->save_bytes("keys/a", bytes_of("x"), {}, {}));
  ASSERT_TRUE(store->save_bytes("keys/b", bytes_of("x"), {}, {}));
  auto saved = store->save_bytes("keys/c", bytes_of("x"), {}, {});
  ASSERT_TRUE(saved.failed_with(ErrorCode::permission_denied));
  EXPECT_THAT(saved.error().message(), HasSubstr("expired; give the storage new ones"));
}

TEST_F(S3StoreTest, ARefusedHeadIsExplained) {
  start([](const ScriptedRequest& request) -> ScriptedReply {
    if (request.method == "HEAD") return {.status = 400};
    return refusal(400, "ExpiredToken");
  });
  auto info = store->stat("config", {});
  ASSERT_TRUE(info.failed_with(ErrorCode::permission_denied));
  EXPECT_THAT(info.error().message(), HasSubstr("ExpiredToken"));
}

TEST_F(S3StoreTest, AMissingBucketIsNoMissingObject) {
  start([](const ScriptedRequest& request) -> ScriptedReply {
    if (request.method == "HEAD") return {.status = 404};
    return refusal(404, "NoSuchBucket");
  });
  for (const Error& error :
       {store->stat("config", {}).error(), store->load_all("config", {}).error(),
        store->save_bytes("config", {}, {}, {}).error()}) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_input);
    EXPECT_THAT(error.message(), HasSubstr("there is no bucket \"b\" at http://127.0.0.1"));
  }
}

TEST_F(S3StoreTest, AFullStorageIsExhausted) {
  start([](const ScriptedRequest&) { return refusal(507, "XMinioStorageFull"); });
  auto saved = store->save_bytes("config", bytes_of("x"), {}, {});
  ASSERT_TRUE(saved.failed_with(ErrorCode::exhausted));
  EXPECT_THAT(saved.error().message(), HasSubstr("free space"));
}

TEST_F(S3StoreTest, AWrongClockIsNamed) {
  start([](const ScriptedRequest&) {
    return refusal(403, "RequestTimeTooSkewed", {{"Date", "Sun, 01 Mar 2026 01:00:00 GMT"}});
  });
  auto removed = store->remove("config", {});
  ASSERT_TRUE(removed.failed_with(ErrorCode::permission_denied));
  EXPECT_THAT(removed.error().message(), HasSubstr("3600 s behind the server's"));
}

TEST_F(S3StoreTest, FollowsTheBucketToItsRegion) {
  start([&](const ScriptedRequest& request) -> ScriptedReply {
    const auto authorization = http::header_of(request.headers, "Authorization");
    if (authorization.find("/eu-west-1/s3/") != authorization.npos) return {};
    return {.status = 301, .headers = {{"x-amz-bucket-region", "eu-west-1"}}};
  });
  ASSERT_TRUE(store->save_bytes("config", bytes_of("text"), {}, {}));
  EXPECT_EQ(server->requests().back().body, "text");
  EXPECT_EQ(server->requests().size(), 2);
  ASSERT_TRUE(store->save_bytes("config", bytes_of("text"), {}, {}));
  EXPECT_EQ(server->requests().size(), 3);
}

TEST_F(S3StoreTest, CreatesWithoutTheConditionWhereTheServerDoesNotKnowIt) {
  start([](const ScriptedRequest& request) -> ScriptedReply {
    if (request.method == "HEAD") return {.status = 404};
    if (request.method == "GET") return {.body = "<ListBucketResult/>"};
    const bool conditional = !http::header_of(request.headers, "If-None-Match").empty();
    return conditional ? refusal(501, "NotImplemented") : ScriptedReply{};
  });
  EXPECT_TRUE(store->save_bytes("config", bytes_of("x"), {.mode = SaveMode::create_only}, {}));
  EXPECT_EQ(count("PUT"), 2);
}

TEST_F(S3StoreTest, ReadsAListingPageByPageAndRepeatsAFailedPage) {
  start([&](const ScriptedRequest& request) -> ScriptedReply {
    if (request.target.find("continuation-token=t%2F1") == std::string::npos) {
      return {.body =
                  "<ListBucketResult><NextContinuationToken>t/1</NextContinuationToken><Contents>"
                  "<Key>p/keys/a</Key><Size>1</Size></Contents></ListBucketResult>"};
    }
    if (calls++ == 0) return refusal(500, "InternalError");
    return {.body =
                "<ListBucketResult><Contents><Key>p/keys/b</Key><Size>2</Size></Contents>"
                "<Contents><Key>p/keys/</Key><Size>0</Size></Contents></ListBucketResult>"};
  });
  std::vector<std::string> names;
  ASSERT_TRUE(store->list("keys",
                          [&](const ObjectInfo& info) -> Result<> {
                            names.push_back(info.name);
                            return {};
                          },
                          {}));
  EXPECT_EQ(names, (std::vector<std::string>{"keys/a", "keys/b"}));
  EXPECT_EQ(server->requests().size(), 3);
  EXPECT_THAT(server->requests()[0].target, HasSubstr("prefix=p%2Fkeys%2F"));
}

class MultipartTest : public S3StoreTest {
protected:
  void start_with_parts(ScriptedServer::Script script) {
    server = std::make_unique<ScriptedServer>(std::move(script));
    const auto location = std::get<S3Location>(*parse_location("s3:" + server->origin() + "/b"));
    auto session = std::make_unique<S3Session>(
        std::move(*http::Client::create({})),
        S3Addressing{location, "us-east-1", StorageOptions::Addressing::automatic},
        S3Credentials{.access_key = "a", .secret_key = "s"}, clock, std::make_shared<Throttle>());
    store = open_s3_store(
        std::move(session),
        {.location = "s3:test", .prefix = "", .multipart_threshold_bytes = 10, .part_bytes = 4});
  }
  static ScriptedReply begun() {
    return {.body =
                "<InitiateMultipartUploadResult><UploadId>u&amp;1</UploadId>"
                "</InitiateMultipartUploadResult>"};
  }
};

TEST_F(MultipartTest, UploadsLargeObjectsInPartsAndRepeatsAFailedPart) {
  start_with_parts([&](const ScriptedRequest& request) -> ScriptedReply {
    if (request.method == "POST") return begun();
    if (calls++ == 1) return refusal(500, "InternalError");
    return {.headers = {{"ETag", "\"" + request.body + "\""}}};
  });
  auto saved = store->save_bytes("config", bytes_of("0123456789ab"), {}, {});
  ASSERT_TRUE(saved) << saved.error().message();
  const auto requests = server->requests();
  ASSERT_EQ(requests.size(), 6);
  EXPECT_EQ(requests[1].target, "/b/config?partNumber=1&uploadId=u%261");
  EXPECT_EQ(requests[2].body, "4567");
  EXPECT_EQ(requests[3].body, "4567");
  EXPECT_THAT(requests[5].body,
              HasSubstr("<Part><PartNumber>3</PartNumber><ETag>&quot;89ab&quot;</ETag></Part>"));
}

TEST_F(MultipartTest, AbortsAFailedUpload) {
  start_with_parts([&](const ScriptedRequest& request) -> ScriptedReply {
    if (request.method == "POST") return begun();
    if (request.method == "DELETE") return {.status = 204};
    return refusal(403, "AccessDenied");
  });
  auto saved = store->save_bytes("config", bytes_of("0123456789ab"), {}, {});
  EXPECT_TRUE(saved.failed_with(ErrorCode::permission_denied));
  EXPECT_EQ(count("DELETE", "uploadId=u%261"), 1);
}

TEST_F(MultipartTest, AbortsWhenTheContentIsNotWhatItShouldBe) {
  start_with_parts([&](const ScriptedRequest& request) -> ScriptedReply {
    if (request.method == "POST") return begun();
    return {.headers = {{"ETag", "e"}}};
  });
  auto saved = store->save_bytes("config", bytes_of("0123456789ab"),
                                 {.sha256 = crypto::sha256(bytes_of("other"))}, {});
  EXPECT_TRUE(saved.failed_with(ErrorCode::corrupt));
  EXPECT_EQ(count("DELETE"), 1);
  EXPECT_EQ(count("POST", "uploadId="), 0);
}

TEST_F(MultipartTest, AFailureInsideASuccessfulAnswerIsAFailure) {
  start_with_parts([&](const ScriptedRequest& request) -> ScriptedReply {
    if (request.target.find("uploads") != std::string::npos) return begun();
    if (request.method == "POST") return refusal(200, "InternalError");
    return {.headers = {{"ETag", "e"}}};
  });
  auto saved = store->save_bytes("config", bytes_of("0123456789ab"), {}, {});
  EXPECT_TRUE(saved.failed_with(ErrorCode::unavailable));
  EXPECT_EQ(count("DELETE"), 1);
}

TEST(OpenStorageTest, SaysWhatIsMissing) {
  auto store = open_storage("s3:https://h/b", {}, system_clock());
  ASSERT_TRUE(store.failed_with(ErrorCode::invalid_input));
  EXPECT_THAT(store.error().message(), HasSubstr("AWS_ACCESS_KEY_ID"));
  EXPECT_TRUE(create_container("rest:http://h/", {}, system_clock(), {})
                  .failed_with(ErrorCode::unsupported));
}

TEST(OpenStorageTest, NamesTheStoreWithoutSecrets) {
  EXPECT_EQ((*open_storage("rest:http://u:secret@h/r", {}, system_clock()))->location(),
            "rest:http://h/r/");
  EXPECT_EQ(
      (*open_storage("s3:h/b/p/", {.s3 = {.access_key = "a", .secret_key = "s"}}, system_clock()))
          ->location(),
      "s3:https://h/b/p");
  EXPECT_EQ((*open_storage("/srv/r/", {}, system_clock()))->location(), "local:/srv/r");
}

}  // namespace
}  // namespace dmaas::storage
