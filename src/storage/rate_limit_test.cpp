#include "storage/rate_limit.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "storage/testing/skipping_clock.hpp"

namespace dmaas::storage {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t mebibyte = 1 << 20;
constexpr std::size_t piece = 64 << 10;  // 62.5 ms of 1 MiB a second

/// Stands still; who sleeps is stopped meanwhile.
class StoppingClock final : public Clock {
public:
  Timestamp now() const override { return {}; }
  std::chrono::nanoseconds monotonic() const override { return 0s; }
  bool sleep(std::chrono::nanoseconds, std::stop_token stop) override {
    source.request_stop();
    return !stop.stop_requested();
  }

  std::stop_source source;
};

TEST(RateLimitTest, ATransferFollowsWhatWasBookedBefore) {
  EXPECT_EQ(plan_transfer_end(10s, 10s, piece, mebibyte), 10s + 62'500us);
  EXPECT_EQ(plan_transfer_end(10s, 12s, piece, mebibyte), 12s + 62'500us);
}

TEST(RateLimitTest, IdleTimeIsMadeUpForOnlyForATenthOfASecond) {
  EXPECT_EQ(plan_transfer_end(10s, 9'950ms, piece, mebibyte), 9'950ms + 62'500us);
  EXPECT_EQ(plan_transfer_end(10s, 9'900ms, piece, mebibyte), 9'900ms + 62'500us);
  EXPECT_EQ(plan_transfer_end(10s, 1s, piece, mebibyte), 9'900ms + 62'500us);
}

TEST(RateLimitTest, RoundsUpSoThatManySmallTransfersAreNotFree) {
  EXPECT_EQ(plan_transfer_end(0s, 0s, 1, 3'000'000'000), 1ns);
  EXPECT_EQ(plan_transfer_end(0s, 0s, 0, 3'000'000'000), 0ns);
}

TEST(RateLimitTest, BytesTakeAsLongAsTheRateSays) {
  SkippingClock clock;
  RateLimit limit{mebibyte, clock};
  for (int i = 0; i < 160; ++i) ASSERT_TRUE(limit.take(piece, {}));
  EXPECT_EQ(clock.monotonic(), 10s);
}

TEST(RateLimitTest, DoesNotWaitAfterAPause) {
  SkippingClock clock;
  RateLimit limit{mebibyte, clock};
  clock.sleep(1h, {});
  ASSERT_TRUE(limit.take(piece, {}));
  EXPECT_EQ(clock.monotonic(), 1h);
  ASSERT_TRUE(limit.take(piece, {}));
  EXPECT_EQ(clock.monotonic(), 1h + 25ms);  // 125 ms of transfers, 100 ms ahead
}

TEST(RateLimitTest, SeveralThreadsTogetherDoNotExceedTheRate) {
  constexpr int threads = 4;
  constexpr int pieces = 16;
  ManualClock clock{Timestamp{}};
  RateLimit limit{mebibyte, clock};
  std::atomic<std::size_t> taken = 0;
  std::atomic<int> running = threads;
  const auto take_pieces = [&] {
    for (int i = 0; i < pieces; ++i) {
      EXPECT_TRUE(limit.take(piece, {}));
      const std::size_t total = taken += piece;
      const std::chrono::duration<double> elapsed = clock.monotonic();
      EXPECT_LE(static_cast<double>(total), elapsed.count() * mebibyte);
    }
    --running;
  };
  std::vector<std::jthread> takers;
  for (int i = 0; i < threads; ++i) takers.emplace_back(take_pieces);
  while (running > 0) {
    clock.advance(10ms);
    std::this_thread::sleep_for(50us);
  }
  EXPECT_EQ(taken, threads * pieces * piece);
  EXPECT_GE(clock.monotonic(), 4s);
}

TEST(RateLimitTest, AStopRequestEndsTheWaiting) {
  StoppingClock clock;
  RateLimit limit{mebibyte, clock};
  auto taken = limit.take(piece, clock.source.get_token());
  EXPECT_TRUE(taken.failed_with(ErrorCode::cancelled));
}

TEST(RateLimitTest, WhoIsStoppedAlreadyGetsNothing) {
  SkippingClock clock;
  RateLimit limit{mebibyte, clock};
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(limit.take(piece, stop.get_token()).failed_with(ErrorCode::cancelled));
  ASSERT_TRUE(limit.take(piece, {}));
  EXPECT_EQ(clock.monotonic(), 62'500us);
}

}  // namespace
}  // namespace dmaas::storage
