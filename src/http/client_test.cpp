#include "http/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/clock.hpp"
#include "http/testing/scripted_server.hpp"

namespace dmaas::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Ending = ScriptedReply::Ending;

std::unique_ptr<Client> make_client(ClientOptions options = {}) {
  return std::move(*Client::create(std::move(options)));
}

Request get(const ScriptedServer& server, std::string path = "/") {
  Request request;
  request.url = server.origin() + path;
  return request;
}

BodyReader reader_of(std::string_view text, std::size_t piece_bytes) {
  return [text, piece_bytes](std::span<std::uint8_t> buffer) mutable -> Result<std::size_t> {
    const std::size_t length = std::min({buffer.size(), piece_bytes, text.size()});
    std::copy_n(text.data(), length, buffer.data());
    text.remove_prefix(length);
    return length;
  };
}

TEST(ClientTest, AnswersOfAnyStatusAreValues) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply {
    return {.status = 404, .headers = {{"X-Reason", " none "}}, .body = "gone"};
  }};
  auto response = make_client()->send(get(server, "/a%2Fb?q=1"), {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "gone");
  EXPECT_EQ(header_of(response->headers, "x-reason"), "none");
  EXPECT_EQ(server.requests().at(0).target, "/a%2Fb?q=1");
}

TEST(ClientTest, KeepsConnectionsBetweenCalls) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply { return {.body = "x"}; }};
  auto client = make_client();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->send(get(server), {}));
  EXPECT_EQ(server.accepted_connections(), 1);
}

TEST(ClientTest, SendsBodiesOfEveryMethod) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply { return {}; }};
  auto client = make_client();
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    Request request = get(server);
    request.method = method;
    request.body = "body";
    ASSERT_TRUE(client->send(request, {}));
    EXPECT_EQ(server.requests().back().method, method);
    EXPECT_EQ(server.requests().back().body, "body");
  }
  Request empty = get(server);
  empty.method = "POST";
  ASSERT_TRUE(client->send(empty, {}));
  EXPECT_EQ(header_of(server.requests().back().headers, "Content-Length"), "0");
}

TEST(ClientTest, StreamsBodiesFromAReaderWithAndWithoutSize) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply { return {}; }};
  auto client = make_client();
  const std::string body(3'000'000, 'b');
  for (const bool sized : {true, false}) {
    Request request = get(server);
    request.method = "PUT";
    request.body_reader = reader_of(body, 10'000);
    if (sized) request.body_size = body.size();
    ASSERT_TRUE(client->send(request, {}));
    EXPECT_TRUE(server.requests().back().body == body);
  }
}

TEST(ClientTest, RefusesABodyThatEndsEarly) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply { return {}; }};
  Request request = get(server);
  request.method = "PUT";
  request.body_reader = reader_of("short", 100);
  request.body_size = 10;
  auto response = make_client()->send(request, {});
  ASSERT_TRUE(response.failed_with(ErrorCode::invalid_input));
  EXPECT_THAT(response.error().message(), HasSubstr("ended after 5 of 10 bytes"));
}

TEST(ClientTest, PassesOnTheErrorOfAReader) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply { return {}; }};
  Request request = get(server);
  request.method = "PUT";
  request.body_reader = [](std::span<std::uint8_t>) -> Result<std::size_t> {
    return fail(ErrorCode::corrupt, "bad source");
  };
  EXPECT_TRUE(make_client()->send(request, {}).failed_with(ErrorCode::corrupt));
}

TEST(ClientTest, StreamsSuccessIntoTheSinkAndCollectsRefusals) {
  ScriptedServer server{[](const ScriptedRequest& request) -> ScriptedReply {
    if (request.target == "/no") return {.status = 403, .body = "why"};
    return {.body = std::string(1'000'000, 'z'), .framing = ScriptedReply::Framing::chunked};
  }};
  auto client = make_client();
  std::size_t received = 0;
  int status = 0;
  auto on_headers = [&](const Response& response) -> Result<> {
    status = response.status;
    return {};
  };
  auto sink = [&](BytesView piece) -> Result<> {
    received += piece.size();
    return {};
  };
  auto streamed = client->stream(get(server), on_headers, sink, {});
  ASSERT_TRUE(streamed);
  EXPECT_EQ(status, 200);
  EXPECT_EQ(received, 1'000'000);
  EXPECT_TRUE(streamed->body.empty());

  auto refused = client->stream(get(server, "/no"), on_headers, sink, {});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->body, "why");
  EXPECT_EQ(received, 1'000'000);
}

TEST(ClientTest, AnErrorOfTheSinkEndsTheTransfer) {
  ScriptedServer server{
      [](const ScriptedRequest&) -> ScriptedReply { return {.body = std::string(100, 'z')}; }};
  auto sink = [](BytesView) -> Result<> { return fail(ErrorCode::exhausted, "disk full"); };
  auto streamed = make_client()->stream(get(server), nullptr, sink, {});
  ASSERT_FALSE(streamed);
  EXPECT_EQ(streamed.error(), Error(ErrorCode::exhausted, "disk full"));
}

TEST(ClientTest, ReportsTruncatedBodiesAndResetsAsUnavailable) {
  for (const auto framing : {ScriptedReply::Framing::length, ScriptedReply::Framing::chunked}) {
    for (const Ending ending : {Ending::truncated, Ending::reset}) {
      ScriptedServer server{[&](const ScriptedRequest&) -> ScriptedReply {
        return {.body = std::string(1000, 'z'), .ending = ending, .framing = framing};
      }};
      EXPECT_TRUE(make_client()->send(get(server), {}).failed_with(ErrorCode::unavailable));
    }
  }
}

TEST(ClientTest, IdleTimeoutEndsAStalledBodyButNotASlowOne) {
  ScriptedServer server{[](const ScriptedRequest& request) -> ScriptedReply {
    if (request.target == "/stall") {
      return {.body = std::string(1000, 'z'), .ending = Ending::stalled};
    }
    return {.delay = 100ms};
  }};
  auto client = make_client();
  Request stalled = get(server, "/stall");
  stalled.idle_timeout = 150ms;
  EXPECT_TRUE(client->send(stalled, {}).failed_with(ErrorCode::timeout));
  Request slow = get(server);
  slow.idle_timeout = 5s;
  EXPECT_TRUE(client->send(slow, {}));
}

TEST(ClientTest, TotalTimeoutEndsTheCall) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply { return {.delay = 10s}; }};
  Request request = get(server);
  request.total_timeout = 100ms;
  EXPECT_TRUE(make_client()->send(request, {}).failed_with(ErrorCode::timeout));
}

TEST(ClientTest, AStopRequestEndsTheCallAtOnce) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply { return {.delay = 30s}; }};
  std::stop_source stop;
  std::atomic<std::chrono::steady_clock::time_point> stopped_at{};
  std::jthread stopper{[&] {
    system_clock().sleep(50ms, {});
    stopped_at = std::chrono::steady_clock::now();
    stop.request_stop();
  }};
  auto response = make_client()->send(get(server), stop.get_token());
  EXPECT_TRUE(response.failed_with(ErrorCode::cancelled));
  EXPECT_LT(std::chrono::steady_clock::now() - stopped_at.load(), 100ms);
}

TEST(ClientTest, BoundsACollectedBody) {
  ScriptedServer server{
      [](const ScriptedRequest&) -> ScriptedReply { return {.body = std::string(2000, 'z')}; }};
  auto response = make_client({.max_body_bytes = 1000})->send(get(server), {});
  EXPECT_TRUE(response.failed_with(ErrorCode::exhausted));
}

TEST(ClientTest, NobodyListeningIsUnavailableAndTheMessageHasNoQuery) {
  Request request;
  request.url = "http://127.0.0.1:1/path?signature=secret";
  auto response = make_client()->send(request, {});
  ASSERT_TRUE(response.failed_with(ErrorCode::unavailable));
  EXPECT_THAT(response.error().message(), HasSubstr("GET http://127.0.0.1:1/path: "));
  EXPECT_THAT(response.error().message(), ::testing::Not(HasSubstr("secret")));
}

TEST(ClientTest, RefusesHeadersThatWouldSplitTheRequest) {
  ScriptedServer server{[](const ScriptedRequest&) -> ScriptedReply { return {}; }};
  Request request = get(server);
  request.headers = {{"X-A", "b\r\nX-C: d"}};
  EXPECT_TRUE(make_client()->send(request, {}).failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(server.requests().empty());
}

TEST(ClientTest, ServesManyThreadsAtOnce) {
  ScriptedServer server{
      [](const ScriptedRequest& request) -> ScriptedReply { return {.body = request.target}; }};
  auto client = make_client();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
          auto response = client->send(get(server, path), {});
          if (response && response->body == path) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 400);
}

}  // namespace
}  // namespace dmaas::http
