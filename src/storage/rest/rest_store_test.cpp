#include "storage/rest/rest_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "crypto/sha256.hpp"
#include "storage/rest/list_parser.hpp"
#include "storage/testing/rest_server.hpp"

namespace dmaas::storage {
namespace {

using http::ScriptedReply;
using http::ScriptedRequest;
using http::ScriptedServer;
using ::testing::HasSubstr;

std::unique_ptr<ObjectStore> open(const std::string& url, RestCredentials credentials = {}) {
  auto location = std::get<RestLocation>(*parse_location("rest:" + url));
  return open_rest_store(std::move(*http::Client::create({})), std::move(location),
                         std::move(credentials), system_clock(), std::make_shared<Throttle>(), 5);
}

TEST(RestStoreTest, SendsUserAndPasswordOfTheLocation) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply { return {.status = 404}; }};
  auto store = open("http://me:pw@" + server.origin().substr(7) + "/r");
  EXPECT_EQ(store->location(), "rest:" + server.origin() + "/r/");
  EXPECT_TRUE(store->stat("config", {}).failed_with(ErrorCode::not_found));
  EXPECT_EQ(http::header_of(server.requests()[0].headers, "Authorization"), "Basic bWU6cHc=");
  EXPECT_EQ(server.requests()[0].target, "/r/config");
}

TEST(RestStoreTest, TakesUpARotatedPasswordAfterARefusal) {
  const std::string file = ::testing::TempDir() + "rest_password";
  std::ofstream(file) << "old\n";
  ScriptedServer server{[&](const ScriptedRequest& request) -> ScriptedReply {
    std::ofstream(file) << "new\n";  // rotated while the first request is under way
    const auto secret = http::header_of(request.headers, "Authorization");
    return {.status = secret == "Basic ZG1hYXM6bmV3" ? 200 : 401, .body = ""};
  }};
  auto store = open(server.origin(), {.user = "", .password = "", .password_file = file});
  EXPECT_TRUE(store->save_bytes("locks/" + std::string(64, 'a'), bytes_of("x"), {}, {}));
  EXPECT_EQ(server.requests().size(), 2);
  EXPECT_EQ(server.requests()[1].body, "x");
}

TEST(RestStoreTest, ARefusalNamesTheServersReason) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply {
    return {.status = 403, .body = "scope backup may not delete\n"};
  }};
  auto removed = open(server.origin())->remove("config", {});
  ASSERT_TRUE(removed.failed_with(ErrorCode::permission_denied));
  EXPECT_THAT(removed.error().message(), HasSubstr("(scope backup may not delete)"));
}

TEST(RestStoreTest, AFullServerIsExhausted) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply { return {.status = 507}; }};
  auto saved = open(server.origin())->save_bytes("locks/" + std::string(64, 'a'), {}, {}, {});
  ASSERT_TRUE(saved.failed_with(ErrorCode::exhausted));
  EXPECT_THAT(saved.error().message(), HasSubstr("free space"));
}

TEST(RestStoreTest, RefusesNamesOutsideTheLayout) {
  auto store = open("http://127.0.0.1:1/");
  for (const char* name : {"data/ab", "data/xx/abcd", "other/x", "keys/a/b", "keys"}) {
    EXPECT_TRUE(store->stat(name, {}).failed_with(ErrorCode::invalid_input)) << name;
  }
}

TEST(RestListParserTest, DeliversEntriesHoweverTheyAreCut) {
  const std::string text = R"( [ {"name":"a}\"]","size":1} , {"size":20,"name":"b","x":null} ] )";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    std::vector<std::pair<std::string, std::uint64_t>> found;
    RestListParser parser{[&](const ObjectInfo& info) -> Result<> {
      found.emplace_back(info.name, info.size);
      return {};
    }};
    ASSERT_TRUE(parser.feed(bytes_of(std::string_view(text).substr(0, cut))));
    ASSERT_TRUE(parser.feed(bytes_of(std::string_view(text).substr(cut))));
    EXPECT_TRUE(parser.finish());
    EXPECT_EQ(found, (std::vector<std::pair<std::string, std::uint64_t>>{{"a}\"]", 1}, {"b", 20}}));
  }
}

TEST(RestListParserTest, RefusesOtherDocuments) {
  for (const char* text : {"{", "[1]", "[\"name\"]", "[{\"name\":\"a\"}]",
                           "[{\"name\":\"a\",\"size\":-1}]", "[{\"a\":{}}]", "[]]", "x"}) {
    RestListParser parser{[](const ObjectInfo&) -> Result<> { return {}; }};
    EXPECT_TRUE(parser.feed(bytes_of(text)).failed_with(ErrorCode::invalid_input)) << text;
  }
  RestListParser cut{[](const ObjectInfo&) -> Result<> { return {}; }};
  EXPECT_TRUE(cut.feed(bytes_of("[{\"name\":\"a\"")));
  EXPECT_TRUE(cut.finish().failed_with(ErrorCode::unavailable));
}

}  // namespace
}  // namespace dmaas::storage
