#include <gtest/gtest.h>

#include <atomic>

#include "base/bounded_queue.hpp"
#include "base/clock.hpp"
#include "base/task_group.hpp"

namespace dmaas {
using namespace std::chrono_literals;

TEST(BoundedQueueTest, HandsEveryItemToExactlyOneConsumer) {
  BoundedQueue<int> queue{4};
  std::atomic<int> sum = 0;
  TaskGroup group{{}};
  for (int consumer = 0; consumer < 3; ++consumer) {
    group.add([&](std::stop_token stop) -> Result<> {
      while (auto item = queue.pop(stop)) sum += *item;
      return {};
    });
  }
  for (int i = 1; i <= 1000; ++i) ASSERT_TRUE(queue.push(i, {}));
  queue.close();
  EXPECT_TRUE(group.wait());
  EXPECT_EQ(sum, 500500);
}

TEST(BoundedQueueTest, StopWakesAProducerThatWaits) {
  BoundedQueue<int> queue{1};
  ASSERT_TRUE(queue.push(1, {}));
  std::stop_source stop;
  std::jthread stopper{[&] { stop.request_stop(); }};
  EXPECT_FALSE(queue.push(2, stop.get_token()));
}

TEST(TaskGroupTest, FirstErrorStopsTheOthersAndIsReported) {
  TaskGroup group{{}};
  group.add([](std::stop_token stop) -> Result<> {
    if (!system_clock().sleep(30s, stop)) return fail(ErrorCode::cancelled, "stopped");
    return {};
  });
  group.add([](std::stop_token) -> Result<> { return fail(ErrorCode::corrupt, "bad pack"); });
  EXPECT_EQ(group.wait().code(), ErrorCode::corrupt);
}

TEST(TaskGroupTest, ParentStopReachesTheTasks) {
  std::stop_source parent;
  TaskGroup group{parent.get_token()};
  group.add([](std::stop_token stop) -> Result<> {
    return system_clock().sleep(30s, stop) ? Result<>{} : fail(ErrorCode::cancelled, "stopped");
  });
  parent.request_stop();
  EXPECT_EQ(group.wait().code(), ErrorCode::cancelled);
}

TEST(ManualClockTest, WakesSleepersWhenTimeHasCome) {
  ManualClock clock{Timestamp{}};
  std::jthread advancer{[&] { clock.advance(10s); }};
  EXPECT_TRUE(clock.sleep(10s, {}));
  EXPECT_EQ(clock.now(), Timestamp{10s});
}

}  // namespace dmaas
