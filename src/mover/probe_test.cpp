#include "mover/probe.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "base/fields.hpp"
#include "base/file.hpp"
#include "http/testing/scripted_server.hpp"
#include "mover/reach.hpp"

namespace dmaas::mover {
namespace {

using namespace std::chrono_literals;

std::string address_of(const http::ScriptedServer& server) {
  return server.origin().substr(std::string("http://").size());
}

api::ProbeReport probed(const api::ProbeOrder& order) {
  auto report = probe(order, system_clock(), {});
  EXPECT_TRUE(report) << report.error().message();
  return report.value_or(api::ProbeReport{});
}

/// A request to the server as a check in a namespace makes it.
api::ProbeOrder request_to(const http::ScriptedServer& server) {
  auto address = address_of(server);
  api::HttpCheck check{.service = "web", .port = std::stoi(address.substr(address.find(':') + 1))};
  return {.host = "127.0.0.1", .http = check, .patience = 0s};
}

TEST(ProbeTest, SaysWhatItReached) {
  http::ScriptedServer server([](const auto&) { return http::ScriptedReply{}; });
  auto report = probed({.addresses = {"127.0.0.1:1", address_of(server)}, .patience = 0s});
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.message, "it reached " + address_of(server));
}

TEST(ProbeTest, WhatAnswersNobodyIsNotReached) {
  auto report = probed({.addresses = {"127.0.0.1:1", "no.such.host.invalid:443"}, .patience = 0s});
  EXPECT_TRUE(report.passed);
  EXPECT_EQ(report.message, "127.0.0.1:1, no.such.host.invalid:443 cannot be reached");
  EXPECT_FALSE(is_reachable("no port", 100ms));
}

TEST(ProbeTest, AResponseAsExpectedPasses) {
  http::ScriptedServer server([](const auto& request) {
    return http::ScriptedReply{.body = "rows: 42 at " + request.target};
  });
  auto order = request_to(server);
  order.http->path = "/rows?all=1";
  order.http->body.matches = "^rows: [0-9]+ at /rows.all=1$";
  EXPECT_TRUE(probed(order).passed) << probed(order).message;
}

TEST(ProbeTest, OtherResponsesAreToldWithWhatWasExpected) {
  http::ScriptedServer server([](const auto&) {
    return http::ScriptedReply{.status = 503, .body = "the database is away"};
  });
  auto order = request_to(server);
  EXPECT_NE(
      probed(order).message.find("the status is 503 and should be 200: 'the database is away'"),
      std::string::npos);
  order.http->status = 503;
  EXPECT_TRUE(probed(order).passed);
  order.http->body.contains = "healthy";
  EXPECT_NE(probed(order).message.find("the body: it is 'the database is away' and should contain"),
            std::string::npos);
}

TEST(ProbeTest, IsRepeatedUntilTheApplicationAnswers) {
  std::atomic<int> calls = 0;
  http::ScriptedServer server(
      [&](const auto&) { return http::ScriptedReply{.status = ++calls < 2 ? 503 : 200}; });
  auto order = request_to(server);
  order.patience = 30s;
  EXPECT_TRUE(probed(order).passed);
  EXPECT_EQ(calls, 2);
}

TEST(ProbeTest, KeepsOnlyTheBeginningOfAnEndlessBody) {
  http::ScriptedServer server(
      [](const auto&) { return http::ScriptedReply{.body = std::string(1 << 20, 'x') + "end"}; });
  auto order = request_to(server);
  order.http->body.contains = "end";
  EXPECT_FALSE(probed(order).passed);
}

TEST(ProbeTest, TheRoleWritesItsAnswerIntoAFile) {
  auto file = testing::TempDir() + "/dmaas-probe-report";
  ASSERT_TRUE(run_probe(R"({"addresses":["127.0.0.1:1"]})", file, system_clock(), {}));
  EXPECT_EQ(*read_small_file(file), R"({"passed":true,"message":"127.0.0.1:1 cannot be reached"})");
  EXPECT_TRUE(run_probe("{", file, system_clock(), {}).failed_with(ErrorCode::invalid_input));
}

}  // namespace
}  // namespace dmaas::mover
