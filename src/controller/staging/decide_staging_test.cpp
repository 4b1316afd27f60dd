#include "controller/staging/decide_staging.hpp"

#include <gmock/gmock.h>

namespace dmaas::controller {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;

constexpr Timestamp taken{hours{24 * 20000}};

StagedFacts facts_with(StagedVerdict verdict, std::vector<StagedCopy> copies = {}) {
  return {.verdict = verdict, .copies = std::move(copies), .taken = taken, .retention = hours{24}};
}

TEST(DecideStagingTest, VerifiesFirstAndCopiesNothingMeanwhile) {
  std::vector<StagedCopy> copies{{.storage = "s/a"}};
  EXPECT_EQ(decide_staging(facts_with(StagedVerdict::none, copies), taken).act, StagingAct::verify);
  auto late = taken + hours{100};
  EXPECT_EQ(decide_staging(facts_with(StagedVerdict::none, copies), late).act, StagingAct::verify);
  EXPECT_EQ(decide_staging(facts_with(StagedVerdict::running, copies), late).act, StagingAct::wait);
}

TEST(DecideStagingTest, WhatPassedIsCopiedToEveryStorageThatLacksIt) {
  auto step = decide_staging(
      facts_with(StagedVerdict::passed, {{.storage = "s/a", .state = CopyState::succeeded},
                                         {.storage = "s/b"},
                                         {.storage = "s/c", .state = CopyState::running}}),
      taken);
  EXPECT_EQ(step.act, StagingAct::copy);
  EXPECT_THAT(step.storages, ElementsAre("s/b"));
}

TEST(DecideStagingTest, WhatFailedIsCopiedNowhereAndExpiresInTime) {
  auto failed = facts_with(StagedVerdict::failed, {{.storage = "s/a"}});
  auto step = decide_staging(failed, taken + hours{23});
  EXPECT_EQ(step.act, StagingAct::wait);
  EXPECT_EQ(step.next, taken + hours{24});
  EXPECT_EQ(decide_staging(failed, taken + hours{24}).act, StagingAct::expire);
}

TEST(DecideStagingTest, NeverExpiresBeforeItIsCopied) {
  auto late = taken + hours{100};
  auto with = [&](CopyState state) {
    return facts_with(StagedVerdict::passed,
                      {{.storage = "s/a", .state = CopyState::succeeded},
                       {.storage = "s/b", .state = state, .attempts = 9, .ended = late}});
  };
  EXPECT_EQ(decide_staging(with(CopyState::running), late).act, StagingAct::wait);
  EXPECT_EQ(decide_staging(with(CopyState::none), late).act, StagingAct::copy);
  EXPECT_EQ(decide_staging(with(CopyState::failed), late).act, StagingAct::wait);
  EXPECT_EQ(decide_staging(with(CopyState::succeeded), late).act, StagingAct::expire);
}

TEST(DecideStagingTest, ACopyThatFailsIsTriedAgainLaterAndLater) {
  auto after = [](int attempts) {
    auto step = decide_staging(
        facts_with(
            StagedVerdict::passed,
            {{.storage = "s/a", .state = CopyState::failed, .attempts = attempts, .ended = taken}}),
        taken);
    return *step.next - taken;
  };
  EXPECT_EQ(after(1), minutes{1});
  EXPECT_EQ(after(3), minutes{4});
  EXPECT_EQ(after(100), hours{1});
}

}  // namespace
}  // namespace dmaas::controller
