#include "http/server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <future>
#include <latch>
#include <thread>

#include "base/clock.hpp"
#include "crypto/certificate.hpp"
#include "http/testing/raw_client.hpp"

namespace dmaas::http {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Server> serve(Handler handler, ServerOptions options = {}) {
  auto server = Server::start(std::move(options), std::move(handler));
  ENSURE(server.has_value());
  return std::move(*server);
}

void echo_path(ServerRequest& request, ServerResponse& response, std::stop_token) {
  static_cast<void>(
      response.send_text(200, std::string(request.method()) + " " + std::string(request.path())));
}

void answer_with_body(ServerRequest& request, ServerResponse& response, std::stop_token) {
  auto body = request.read_all(1 << 20);
  static_cast<void>(body ? response.send_text(200, *body)
                         : response.send_text(500, body.error().message()));
}

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::size_t resident_peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
  }
  return 0;
}

void forget_resident_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

TEST(ServerTest, AnswersSeveralRequestsOnOneConnection) {
  auto server = serve(echo_path);
  RawClient client(server->port());
  for (auto path : {"/a", "/b%20c?x=1"}) {
    ASSERT_TRUE(client.send(get(path)));
    auto answer = client.read_answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(answer.ends_with(std::string_view(path) == "/a" ? "GET /a" : "GET /b c")) << answer;
  }
}

TEST(ServerTest, AnswersPipelinedRequestsInOrder) {
  auto server = serve(answer_with_body);
  RawClient client(server->port());
  std::string all;
  for (auto body : {"one", "two", "six"})
    all += "PUT /x HTTP/1.1\r\nContent-Length: 3\r\n\r\n" + std::string(body);
  ASSERT_TRUE(client.send(all));
  for (auto body : {"one", "two", "six"}) EXPECT_TRUE(client.read_answer().ends_with(body));
}

TEST(ServerTest, ReadsChunkedBodies) {
  auto server = serve(answer_with_body);
  RawClient client(server->port());
  ASSERT_TRUE(client.send(
      "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n" +
      get("/y")));
  EXPECT_TRUE(client.read_answer().ends_with("hello!"));
  EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 200"));
}

TEST(ServerTest, StreamsLargeBodiesInBoundedMemory) {
  constexpr std::size_t total = 256 << 20;
  auto server = serve([](ServerRequest& request, ServerResponse& response, std::stop_token) {
    std::vector<std::uint8_t> piece(64 << 10);
    std::uint64_t sum = 0;
    while (auto count = request.read_body(piece)) {
      if (*count == 0) break;
      sum += *count;
    }
    ASSERT_TRUE(response.start(200, {}, sum));
    for (; sum > 0; sum -= piece.size()) ASSERT_TRUE(response.write(piece));
  });
  const std::string piece(1 << 20, 'x');
  RawClient client(server->port());
  forget_resident_peak();
  auto before = resident_peak_bytes();
  ASSERT_TRUE(
      client.send("PUT /x HTTP/1.1\r\nContent-Length: " + std::to_string(total) + "\r\n\r\n"));
  for (std::size_t sent = 0; sent < total; sent += piece.size()) ASSERT_TRUE(client.send(piece));
  EXPECT_EQ(client.drop(total), total);
  EXPECT_LT(resident_peak_bytes() - before, std::size_t{16} << 20);
}

TEST(ServerTest, AnswersLongBodiesThatTheHandlerDidNotRead) {
  auto server = serve([](ServerRequest&, ServerResponse& response, std::stop_token) {
    static_cast<void>(response.send_text(401, "who are you"));
  });
  RawClient client(server->port());
  ASSERT_TRUE(client.send("PUT /x HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n" +
                          std::string(20'000'000, 'x') + get("/y")));
  EXPECT_TRUE(client.read_answer().ends_with("who are you"));
  EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 401"));
}

TEST(ServerTest, SendsContinueOnlyWhenTheBodyIsWanted) {
  auto server = serve([](ServerRequest& request, ServerResponse& response, std::stop_token stop) {
    if (request.path() == "/wanted") return answer_with_body(request, response, stop);
    static_cast<void>(response.send_text(403, "no"));
  });
  RawClient wanted(server->port());
  ASSERT_TRUE(
      wanted.send("PUT /wanted HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_EQ(wanted.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(wanted.send("ok"));
  EXPECT_TRUE(wanted.read_answer().ends_with("ok"));
  RawClient refused(server->port());
  ASSERT_TRUE(
      refused.send("PUT /refused HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_TRUE(refused.read_to_end().starts_with("HTTP/1.1 403"));
}

TEST(ServerTest, AnswersHeadWithTheSizeAndNoBody) {
  auto server = serve([](ServerRequest&, ServerResponse& response, std::stop_token) {
    static_cast<void>(response.start(200, {}, 12345));
  });
  RawClient client(server->port());
  ASSERT_TRUE(client.send("HEAD /x HTTP/1.1\r\n\r\nHEAD /y HTTP/1.1\r\nConnection: close\r\n\r\n"));
  auto answers = client.read_to_end();
  EXPECT_NE(answers.find("Content-Length: 12345\r\n"), answers.npos);
  EXPECT_NE(answers.find("Connection: close\r\n"), answers.npos);
}

TEST(ServerTest, RefusesWhatIsNotARequest) {
  ServerOptions options;
  options.max_header_bytes = 4096;
  options.max_body_bytes = 1000;
  auto server = serve(echo_path, options);
  auto answer_to = [&](const std::string& text) {
    RawClient client(server->port());
    client.send(text);
    return client.read_to_end().substr(0, 12);
  };
  EXPECT_EQ(answer_to("GET /x HTTP/1.1\r\nA: " + std::string(5000, 'a') + "\r\n\r\n"),
            "HTTP/1.1 431");
  EXPECT_EQ(answer_to("GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n"), "HTTP/1.1 431");
  EXPECT_EQ(answer_to("nonsense\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(answer_to("GET http://elsewhere/ HTTP/1.1\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(answer_to("PUT /x HTTP/1.1\r\nContent-Length: 1001\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(
      answer_to(
          "PUT /x HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      "HTTP/1.1 400");
}

TEST(ServerTest, CutsSilentAndSlowSenders) {
  ServerOptions options;
  options.header_timeout = 1s;
  options.idle_timeout = 1s;
  options.body_rate_grace = 1s;
  std::promise<ErrorCode> silent, slow;
  auto server = serve(
      [&](ServerRequest& request, ServerResponse&, std::stop_token) {
        auto body = request.read_all(1 << 20);
        (request.path() == "/silent" ? silent : slow)
            .set_value(body ? ErrorCode::internal : body.code());
      },
      options);
  RawClient header(server->port());
  ASSERT_TRUE(header.send("GET /x"));
  RawClient body(server->port());
  ASSERT_TRUE(body.send("PUT /silent HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"));
  RawClient trickle(server->port());
  ASSERT_TRUE(trickle.send("PUT /slow HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"));
  std::jthread sender([&](std::stop_token stop) {
    while (!stop.stop_requested() && trickle.send("x")) std::this_thread::sleep_for(50ms);
  });
  EXPECT_EQ(header.read_to_end(), "");
  EXPECT_EQ(silent.get_future().get(), ErrorCode::timeout);
  EXPECT_EQ(slow.get_future().get(), ErrorCode::timeout);
}

TEST(ServerTest, AnswersOthersBesideManySlowSenders) {
  auto server = serve(echo_path);
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<RawClient>(server->port()));
    ASSERT_TRUE(slow.back()->send("GET /slow HTTP/1.1\r\nX: "));
  }
  // The slow ones have 20 s for their headers; this client gives up after 10 s.
  RawClient client(server->port());
  ASSERT_TRUE(client.send(get("/fast")));
  EXPECT_TRUE(client.read_answer().ends_with("GET /fast"));
}

TEST(ServerTest, TellsTheHandlerThatTheClientVanished) {
  std::promise<ErrorCode> seen;
  auto server = serve([&](ServerRequest& request, ServerResponse& response, std::stop_token stop) {
    if (request.path() != "/vanish") return echo_path(request, response, stop);
    auto body = request.read_all(1 << 20);
    seen.set_value(body ? ErrorCode::internal : body.code());
  });
  RawClient client(server->port());
  ASSERT_TRUE(client.send("PUT /vanish HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"));
  client.reset();
  EXPECT_EQ(seen.get_future().get(), ErrorCode::unavailable);
  RawClient next(server->port());
  ASSERT_TRUE(next.send(get("/next")));
  EXPECT_TRUE(next.read_answer().ends_with("GET /next"));
}

TEST(ServerTest, StreamsEventsAsTheyHappenUntilTheClientLeaves) {
  std::latch go_on(1);
  std::promise<ErrorCode> ended;
  auto server = serve([&](ServerRequest&, ServerResponse& response, std::stop_token) {
    ASSERT_TRUE(response.start(200, {{"Content-Type", "text/event-stream"}}, std::nullopt));
    ASSERT_TRUE(response.write(bytes_of("data: 1\n\n")));
    go_on.wait();
    Result<> written;
    while (written) written = response.write(bytes_of("data: 2\n\n"));
    ended.set_value(written.code());
  });
  RawClient client(server->port());
  ASSERT_TRUE(client.send(get("/events")));
  auto first = client.read_until("data: 1\n\n\r\n");
  EXPECT_NE(first.find("Transfer-Encoding: chunked\r\n"), first.npos);
  EXPECT_NE(first.find("9\r\ndata: 1\n\n\r\n"), first.npos);
  go_on.count_down();
  EXPECT_NE(client.read_until("data: 2").find("data: 2"), std::string::npos);
  client.reset();
  EXPECT_EQ(ended.get_future().get(), ErrorCode::unavailable);
}

TEST(ServerTest, CutsTheConnectionWhenTheAnswerIsShorterThanAnnounced) {
  auto server = serve([](ServerRequest&, ServerResponse& response, std::stop_token) {
    ASSERT_TRUE(response.start(200, {}, 100));
    ASSERT_TRUE(response.write(bytes_of("short")));
  });
  RawClient client(server->port());
  ASSERT_TRUE(client.send(get("/x")));
  EXPECT_TRUE(client.read_to_end().ends_with("short"));
}

TEST(ServerTest, AnswersForHandlersThatFail) {
  auto server = serve([](ServerRequest& request, ServerResponse& response, std::stop_token) {
    if (request.path() == "/throws") throw std::runtime_error("oops");
    if (request.path() == "/header")
      static_cast<void>(response.send(200, {{"X", "a\r\nSet-Cookie: b"}}, {}));
  });
  RawClient client(server->port());
  for (auto path : {"/throws", "/silent", "/header"}) {
    ASSERT_TRUE(client.send(get(path)));
    EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 500")) << path;
  }
}

TEST(ServerTest, FinishesRunningRequestsAtShutdown) {
  std::latch running(1);
  auto server = serve([&](ServerRequest&, ServerResponse& response, std::stop_token stop) {
    running.count_down();
    while (!stop.stop_requested()) std::this_thread::sleep_for(5ms);
    std::this_thread::sleep_for(100ms);
    static_cast<void>(response.send_text(200, "done"));
  });
  RawClient idle(server->port());
  RawClient halfway(server->port());
  ASSERT_TRUE(halfway.send("GET /y HTTP/1.1\r\nX"));
  RawClient client(server->port());
  ASSERT_TRUE(client.send(get("/x")));
  running.wait();
  auto begun = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_EQ(halfway.read_to_end(), "");
  auto answer = client.read_to_end();
  EXPECT_TRUE(answer.ends_with("done")) << answer;
  EXPECT_NE(answer.find("Connection: close"), answer.npos);
  EXPECT_EQ(idle.read_to_end(), "");
}

TEST(ServerTest, AHandlerMayEndTheConnection) {
  auto server = serve([](ServerRequest&, ServerResponse& response, std::stop_token) {
    static_cast<void>(response.send(503, {{"Connection", "close"}}, bytes_of("elsewhere")));
  });
  RawClient client(server->port());
  ASSERT_TRUE(client.send(get("/x")));
  auto answer = client.read_to_end();
  EXPECT_TRUE(answer.ends_with("elsewhere")) << answer;
  auto said = answer.find("Connection: close\r\n");
  ASSERT_NE(said, answer.npos);
  EXPECT_EQ(answer.find("Connection: ", said + 1), answer.npos);
}

TEST(ServerTest, WaitsWithFurtherConnectionsAtTheLimit) {
  ServerOptions options;
  options.max_connections = 1;
  auto server = serve(echo_path, options);
  RawClient first(server->port());
  ASSERT_TRUE(first.send(get("/1")));
  EXPECT_TRUE(first.read_answer().ends_with("/1"));
  RawClient second(server->port());
  ASSERT_TRUE(second.send(get("/2")));
  first.close();
  EXPECT_TRUE(second.read_answer().ends_with("/2"));
}

class TlsServerTest : public testing::Test {
protected:
  static ServerOptions options_for(const crypto::CertifiedKey& key) {
    ServerOptions options;
    options.certificate = key.certificate;
    options.private_key = key.private_key;
    return options;
  }
  Result<Response> fetch(const Server& server, const std::string& ca, std::string body = {}) {
    ClientOptions options;
    options.ca_certificates = ca;
    auto client = Client::create(options);
    Request request;
    request.method = body.empty() ? "GET" : "PUT";
    request.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/x";
    request.body = std::move(body);
    return (*client)->send(request, {});
  }
  crypto::CertifiedKey authority = *crypto::make_authority("test", 24h, system_clock());
  crypto::CertifiedKey key =
      *crypto::make_server_certificate(authority, {{}, {"127.0.0.1"}}, 24h, system_clock());
};

TEST_F(TlsServerTest, AnswersClientsThatTrustItsAuthority) {
  auto server = serve(answer_with_body, options_for(key));
  std::string body(1'000'000, 'x');
  auto response = fetch(*server, authority.certificate, body);
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, body);
}

TEST_F(TlsServerTest, UsesAReplacedCertificateForNewConnections) {
  auto server = serve(echo_path, options_for(key));
  auto other = *crypto::make_authority("other", 24h, system_clock());
  auto other_key =
      *crypto::make_server_certificate(other, {{}, {"127.0.0.1"}}, 24h, system_clock());
  EXPECT_EQ(fetch(*server, other.certificate).code(), ErrorCode::permission_denied);
  EXPECT_EQ(server->replace_certificate(key.certificate, other_key.private_key).code(),
            ErrorCode::invalid_input);
  ASSERT_TRUE(server->replace_certificate(other_key.certificate, other_key.private_key));
  EXPECT_TRUE(fetch(*server, other.certificate));
}

TEST_F(TlsServerTest, DropsClientsThatDoNotSpeakTls) {
  auto server = serve(echo_path, options_for(key));
  RawClient plain(server->port());
  ASSERT_TRUE(plain.send(get("/x")));
  EXPECT_EQ(plain.read_to_end().find("HTTP"), std::string::npos);
  EXPECT_TRUE(fetch(*server, authority.certificate));
}

TEST(ServerStartTest, RefusesAddressesInUseAndBrokenCertificates) {
  auto server = serve(echo_path);
  ServerOptions same;
  same.port = server->port();
  EXPECT_EQ(Server::start(same, echo_path).code(), ErrorCode::unavailable);
  ServerOptions broken;
  broken.certificate = "not PEM";
  EXPECT_EQ(Server::start(broken, echo_path).code(), ErrorCode::invalid_input);
}

}  // namespace
}  // namespace dmaas::http
