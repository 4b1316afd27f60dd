#include "controller/vault.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/encoding.hpp"
#include "controller/testing/memory_world.hpp"
#include "http/testing/scripted_server.hpp"
#include "kube/object/object.hpp"

namespace dmaas::controller {
namespace {

using std::chrono::steady_clock;

const std::string path = "cluster/ns/shop/db";

/// A repository on a storage of which the gateway gets no answer, and a session that opens it.
class SilentStorageTest : public testing::Test {
protected:
  SilentStorageTest() {
    storage_.metadata = {.name = "main", .namespace_name = "shop"};
    storage_.spec.recovery_password_secret = {.name = "recovery", .key = "password"};
    auto secret = kube::make_object(kube::resources::secrets(), {"shop", "recovery"});
    secret.as_object()["data"] = JsonObject{{"password", base64_encode(bytes_of("secret"))}};
    server_.seed(kube::resources::secrets(), secret);
    memory_.settings.gateway_url = gateway_.origin();
    memory_.settings.gateway_token_file.clear();
  }
  ~SilentStorageTest() override { opening_.request_stop(); }

  void SetUp() override {
    opening_ = std::jthread([this](std::stop_token stop) {
      auto opened = memory_.vault.open(storage_, path, Vault::WhenAbsent::fail, std::move(stop));
      EXPECT_FALSE(opened);
    });
    for (int i = 0; i < 500 && gateway_.requests().empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    ASSERT_FALSE(gateway_.requests().empty());
  }

  http::ScriptedServer gateway_{[](const http::ScriptedRequest&) {
    return http::ScriptedReply{.body = "{}", .ending = http::ScriptedReply::Ending::stalled};
  }};
  kube::FakeApiServer server_;
  MemoryWorld memory_{server_};
  api::BackupStorage storage_;
  std::jthread opening_;
};

std::chrono::nanoseconds time_of(const std::function<void()>& work) {
  auto begun = steady_clock::now();
  work();
  return steady_clock::now() - begun;
}

TEST_F(SilentStorageTest, SessionsElsewhereEndAtOnce) {
  auto taken = time_of([&] { memory_.vault.release("other", {}, {}); });
  EXPECT_LT(taken, std::chrono::seconds{1});
}

TEST_F(SilentStorageTest, SessionsThatLedToItEndSoon) {
  auto taken = time_of([&] { memory_.vault.release("other", {{storage_, path}}, {}); });
  EXPECT_LT(taken, std::chrono::seconds{8});
}

TEST_F(SilentStorageTest, WhatIsLeftDoesNotHoldUpTheNextLook) {
  std::stop_source stopped;
  stopped.request_stop();
  memory_.vault.release("other", {{storage_, path}}, stopped.get_token());
  EXPECT_LT(time_of([&] { memory_.vault.tidy({}); }), std::chrono::seconds{1});
}

TEST_F(SilentStorageTest, AnotherThatWaitsForItCanBeCancelled) {
  std::stop_source cancelled;
  std::jthread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    cancelled.request_stop();
  });
  auto taken = time_of([&] {
    auto opened =
        memory_.vault.open(storage_, path, Vault::WhenAbsent::fail, cancelled.get_token());
    EXPECT_TRUE(opened.failed_with(ErrorCode::cancelled));
  });
  EXPECT_LT(taken, std::chrono::seconds{2});
}

}  // namespace
}  // namespace dmaas::controller
