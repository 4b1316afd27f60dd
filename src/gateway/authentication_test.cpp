#include "gateway/authentication.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace dmaas::gateway {
namespace {

using namespace std::chrono_literals;

class ScriptedReviewer final : public TokenReviewer {
public:
  Result<std::optional<Caller>> review(const std::string& token, std::stop_token) override {
    ++calls;
    last_token = token;
    return answer;
  }
  Result<std::optional<Caller>> answer =
      std::optional(Caller{"system:serviceaccount:a:mover", "uid-1"});
  std::string last_token;
  int calls = 0;
};

class AuthenticatorTest : public testing::Test {
protected:
  Result<Caller> ask(const std::string& authorization = "Bearer token") {
    return authenticator.authenticate(authorization, {});
  }
  ManualClock clock{Timestamp(1'800'000'000s)};
  ScriptedReviewer reviewer;
  Authenticator authenticator{reviewer, clock};
};

TEST_F(AuthenticatorTest, TakesTheTokenFromPasswordOrBearer) {
  EXPECT_EQ(ask("Bearer abc")->pod_uid, "uid-1");
  EXPECT_EQ(reviewer.last_token, "abc");
  EXPECT_TRUE(ask("Basic " + base64_encode(bytes_of("any:d:ef"))));
  EXPECT_EQ(reviewer.last_token, "d:ef");
  EXPECT_TRUE(ask("basic " + base64_encode(bytes_of(":ghi"))));
  EXPECT_EQ(reviewer.last_token, "ghi");
}

TEST_F(AuthenticatorTest, RefusesWhatIsNoTokenWithoutAskingTheServer) {
  for (const auto& header :
       {std::string(), std::string("Bearer "), std::string("Bearer a b"), std::string("Digest abc"),
        std::string("Basic !!!"), "Basic " + base64_encode(bytes_of("nocolon")),
        "Basic " + base64_encode(bytes_of("user:")), "Bearer " + std::string(20'000, 'x')}) {
    EXPECT_EQ(ask(header).code(), ErrorCode::permission_denied) << header.substr(0, 30);
  }
  EXPECT_EQ(reviewer.calls, 0);
}

TEST_F(AuthenticatorTest, RemembersAPositiveAnswerForTenSeconds) {
  EXPECT_TRUE(ask());
  clock.advance(9s);
  EXPECT_TRUE(ask());
  EXPECT_EQ(reviewer.calls, 1);
  clock.advance(2s);
  reviewer.answer = std::optional<Caller>();
  EXPECT_EQ(ask().code(), ErrorCode::permission_denied);
  EXPECT_EQ(reviewer.calls, 2);
}

TEST_F(AuthenticatorTest, NeverRemembersANegativeAnswer) {
  reviewer.answer = std::optional<Caller>();
  EXPECT_EQ(ask().code(), ErrorCode::permission_denied);
  reviewer.answer = std::optional(Caller{"u", "p"});
  EXPECT_TRUE(ask());
}

TEST_F(AuthenticatorTest, LivesOnForAMinuteWhileTheApiServerIsAway) {
  EXPECT_TRUE(ask());
  reviewer.answer = fail(ErrorCode::unavailable, "connection refused");
  clock.advance(50s);
  EXPECT_TRUE(ask());
  EXPECT_EQ(ask("Bearer other").code(), ErrorCode::unavailable);
  clock.advance(11s);
  EXPECT_EQ(ask().code(), ErrorCode::unavailable);
}

TEST_F(AuthenticatorTest, ForgetsARefusedTokenEvenWhenTheServerGoesAwayLater) {
  EXPECT_TRUE(ask());
  clock.advance(11s);
  reviewer.answer = std::optional<Caller>();
  EXPECT_FALSE(ask());
  reviewer.answer = fail(ErrorCode::unavailable, "connection refused");
  EXPECT_EQ(ask().code(), ErrorCode::unavailable);
}

TEST_F(AuthenticatorTest, DoesNotBlameTheClientWhenTheGatewayMayNotReview) {
  reviewer.answer = fail(ErrorCode::permission_denied, "tokenreviews is forbidden");
  EXPECT_EQ(ask().code(), ErrorCode::unavailable);
}

}  // namespace
}  // namespace dmaas::gateway
