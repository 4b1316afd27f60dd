#include "controller/background.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "base/clock.hpp"

namespace dmaas::controller {
namespace {

TEST(BackgroundTest, DeliversAResultOnce) {
  Background background;
  std::latch ended{1};
  std::atomic<int> runs = 0;
  auto work = [&](std::stop_token) -> Result<Json> {
    ++runs;
    return Json(7);
  };
  EXPECT_FALSE(background.run("key", work, [&] { ended.count_down(); }));
  ended.wait();
  auto result = background.run("key", work, [] {});
  ASSERT_TRUE(result);
  EXPECT_EQ(**result, Json(7));
  EXPECT_EQ(runs, 1);
}

TEST(BackgroundTest, CancelStopsTheWork) {
  Background background;
  std::atomic<bool> stopped = false;
  auto work = [&](std::stop_token stop) -> Result<Json> {
    stopped = !system_clock().sleep(std::chrono::seconds{30}, stop);
    return Json();
  };
  EXPECT_FALSE(background.run("key", work, [] {}));
  background.cancel("key");
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace dmaas::controller
