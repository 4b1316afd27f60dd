#include "kube/runtime/work_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "kube/object/object.hpp"
#include "kube/runtime/backoff.hpp"
#include "kube/runtime/store.hpp"
#include "kube/runtime/watcher.hpp"

namespace dmaas::kube {
namespace {

using namespace std::chrono_literals;

const ObjectKey a{"shop", "a"};
const ObjectKey b{"shop", "b"};

TEST(WorkQueueTest, KeepsTheEarlierTimeOfAKey) {
  ManualClock clock{Timestamp{}};
  WorkQueue queue(clock);
  queue.add(a, 10s);
  queue.add(a, 5s);
  queue.add(a, 20s);
  EXPECT_EQ(queue.size(), 1u);
  clock.advance(5s);
  EXPECT_EQ(queue.due_count(), 1u);
  EXPECT_EQ(queue.take({}), a);
  EXPECT_EQ(queue.size(), 0u);
}

TEST(WorkQueueTest, NeverHandsOutAKeyThatIsWorkedOn) {
  ManualClock clock{Timestamp{}};
  WorkQueue queue(clock);
  queue.add(a);
  ASSERT_EQ(queue.take({}), a);
  queue.add(a);
  queue.add(b, 1s);
  EXPECT_EQ(queue.due_count(), 0u);
  queue.finish(a);
  EXPECT_EQ(queue.take({}), a);
}

TEST(WorkQueueTest, WakesASleeperForAnEarlierKey) {
  WorkQueue queue(system_clock());
  queue.add(a, 1h);
  std::optional<ObjectKey> taken;
  {
    std::jthread worker([&](std::stop_token stop) { taken = queue.take(stop); });
    std::this_thread::sleep_for(20ms);
    queue.add(b);
    for (int i = 0; i < 500 && queue.size() > 1; ++i) std::this_thread::sleep_for(2ms);
  }
  EXPECT_EQ(taken, b);
}

TEST(WorkQueueTest, StopsItsSleepers) {
  WorkQueue queue(system_clock());
  auto begun = system_clock().monotonic();
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&](std::stop_token stop) { EXPECT_EQ(queue.take(stop), std::nullopt); });
  }
  std::this_thread::sleep_for(20ms);
  workers.clear();
  EXPECT_LT(system_clock().monotonic() - begun, 2s);
}

TEST(WorkQueueTest, NeverRunsOneKeyTwiceAtOnce) {
  WorkQueue queue(system_clock());
  std::vector<std::atomic<int>> running(8);
  std::atomic<int> overlaps = 0;
  std::atomic<int> runs = 0;
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&](std::stop_token stop) {
      while (auto key = queue.take(stop)) {
        auto& count = running[static_cast<std::size_t>(key->name[0] - '0')];
        if (++count > 1) ++overlaps;
        std::this_thread::sleep_for(1ms);
        --count;
        ++runs;
        queue.finish(*key);
      }
    });
  }
  for (int i = 0; i < 1600; ++i) queue.add({"", std::to_string(i % 8)});
  while (queue.size() > 0) std::this_thread::sleep_for(1ms);
  workers.clear();
  EXPECT_EQ(overlaps, 0);
  EXPECT_GE(runs, 8);
  EXPECT_LT(runs, 1600);
}

TEST(BackoffTest, DoublesUpToItsLimit) {
  BackoffOptions options{.first = 1s, .most = 10s, .jitter = [] { return 1.0; }};
  EXPECT_EQ(backoff_delay(options, 1), 1s);
  EXPECT_EQ(backoff_delay(options, 3), 4s);
  EXPECT_EQ(backoff_delay(options, 100), 10s);
  options.jitter = [] { return 0.0; };
  EXPECT_EQ(backoff_delay(options, 100), 8s);
}

Json config_map(const ObjectKey& key, std::string_view version) {
  auto object = make_object(resources::config_maps(), key);
  ensure_object(object, "metadata")["resourceVersion"] = version;
  return object;
}

TEST(StoreTest, FindsDeletionsThatNoEventToldOf) {
  Store store;
  std::vector<std::string> changes;
  store.subscribe([&](const Change& change) {
    changes.push_back((change.type == ChangeType::removed ? "-" : "+") + name_of(*change.object));
  });
  store.begin_list();
  store.add_listed(config_map(a, "1"));
  store.add_listed(config_map(b, "2"));
  EXPECT_FALSE(store.is_synced());
  store.finish_list();
  EXPECT_TRUE(store.is_synced());

  store.begin_list();
  store.add_listed(config_map(b, "2"));
  EXPECT_NE(store.find(a), nullptr);
  store.finish_list();
  EXPECT_EQ(store.find(a), nullptr);
  EXPECT_EQ(changes, (std::vector<std::string>{"+a", "+b", "-a"}));
}

TEST(StoreTest, TellsWhatWasThereBefore) {
  Store store;
  SharedObject previous;
  store.subscribe([&](const Change& change) { previous = change.previous; });
  store.apply(config_map(a, "1"));
  EXPECT_EQ(previous, nullptr);
  store.apply(config_map(a, "2"));
  ASSERT_NE(previous, nullptr);
  EXPECT_EQ(resource_version_of(*previous), "1");
}

TEST(StoreTest, KeepsNoManagedFields) {
  auto written = [](const ObjectKey& key) {
    auto object = config_map(key, "1");
    ensure_object(object, "metadata")["managedFields"] = JsonArray{1};
    return object;
  };
  Store store;
  store.begin_list();
  store.add_listed(written(a));
  store.finish_list();
  store.apply(written(b));
  ASSERT_EQ(store.size(), 2u);
  for (const auto& object : store.all())
    EXPECT_EQ(find(*object, "metadata", "managedFields"), nullptr) << describe(*object);
}

TEST(StoreTest, SelectsByNamespace) {
  Store store;
  store.apply(config_map({"shop", "a"}, "1"));
  store.apply(config_map({"shop2", "a"}, "2"));
  EXPECT_EQ(store.in_namespace("shop").size(), 1u);
  EXPECT_EQ(store.in_namespace("none").size(), 0u);
  EXPECT_EQ(store.size(), 2u);
}

using Phase = WatchState::Phase;

class WatchStepTest : public testing::Test {
protected:
  WatchStep next(const WatchState& state, const WatchInput& input) {
    return next_watch_step(state, input, backoff_);
  }
  BackoffOptions backoff_{.first = 1s, .most = 60s, .jitter = [] { return 1.0; }};
  Error error_{ErrorCode::unavailable, "gone"};
};

TEST_F(WatchStepTest, GoesFromTheListToTheWatch) {
  auto step = next({}, watch_input::Listed{"7"});
  EXPECT_EQ(step.next, (WatchState{Phase::watching, "7", 0, false}));
  EXPECT_EQ(step.emission, WatchEmission::finish_list);
}

TEST_F(WatchStepTest, FollowsTheVersionOfEventsAndBookmarks) {
  WatchState watching{Phase::watching, "7", 0, false};
  auto added = next(watching, watch_input::Event{EventType::added, "8"});
  EXPECT_EQ(added.emission, WatchEmission::apply);
  EXPECT_EQ(added.next.resource_version, "8");
  EXPECT_EQ(next(watching, watch_input::Event{EventType::deleted, "9"}).emission,
            WatchEmission::remove);
  auto bookmark = next(watching, watch_input::Event{EventType::bookmark, "99"});
  EXPECT_EQ(bookmark.emission, WatchEmission::nothing);
  EXPECT_EQ(bookmark.next.resource_version, "99");
}

TEST_F(WatchStepTest, GoesOnWhereItWasAfterTheEndOfAStream) {
  WatchState watching{Phase::watching, "7", 0, false};
  EXPECT_EQ(next(watching, watch_input::Ended{}).next, watching);
}

TEST_F(WatchStepTest, ListsAgainWhenItsVersionExpired) {
  WatchState watching{Phase::watching, "7", 0, false};
  auto first = next(watching, watch_input::Expired{});
  EXPECT_EQ(first.next.phase, Phase::listing);
  EXPECT_EQ(first.delay, 0s);
  auto listed = next(first.next, watch_input::Listed{"8"});
  auto again = next(listed.next, watch_input::Expired{});
  EXPECT_GT(again.delay, 0s);
}

TEST_F(WatchStepTest, ReportsARowOfFailuresOnceAndItsEnd) {
  WatchState watching{Phase::watching, "7", 0, false};
  auto first = next(watching, watch_input::Failed{error_});
  EXPECT_EQ(first.emission, WatchEmission::report);
  EXPECT_EQ(first.delay, 1s);
  auto second = next(first.next, watch_input::Failed{error_});
  EXPECT_EQ(second.emission, WatchEmission::nothing);
  EXPECT_EQ(second.delay, 2s);
  EXPECT_EQ(second.next.resource_version, "7");
  auto works = next(second.next, watch_input::Event{EventType::bookmark, "8"});
  EXPECT_TRUE(works.recovered);
  EXPECT_EQ(works.next, (WatchState{Phase::watching, "8", 0, false}));
}

}  // namespace
}  // namespace dmaas::kube
