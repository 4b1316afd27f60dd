#include "engine/repository/locking.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "storage/memory_store.hpp"

namespace dmaas::engine {
namespace {

using namespace std::chrono_literals;

class LockingTest : public ::testing::Test {
protected:
  LockOwner owner(const char* host, std::int64_t pid = getpid()) { return {host, "me", pid, 0, 0}; }

  Result<std::unique_ptr<RepositoryLock>> take(const char* host, LockKind kind,
                                               std::chrono::nanoseconds wait = 0s) {
    return acquire_lock(files_, system_clock(), owner(host), kind, wait, {});
  }

  void put(const LockFile& lock) {
    ASSERT_TRUE(files_.save(FileKind::lock, encode_lock_file(lock), {}));
  }

  LockFile foreign(std::chrono::nanoseconds age) {
    return {system_clock().now() - age, true, "elsewhere", "she", 1, 0, 0};
  }

  storage::MemoryStore store_;
  StoredFiles files_{store_, MasterKey::random(), 2};
};

TEST_F(LockingTest, SharedLocksGoTogetherExclusiveOnesDoNot) {
  auto first = take("a", LockKind::shared);
  ASSERT_TRUE(first);
  EXPECT_TRUE(take("b", LockKind::shared));
  EXPECT_TRUE(take("b", LockKind::exclusive).failed_with(ErrorCode::locked));
  first->reset();
  auto exclusive = take("b", LockKind::exclusive);
  ASSERT_TRUE(exclusive);
  auto refused = take("a", LockKind::shared);
  ASSERT_TRUE(refused.failed_with(ErrorCode::locked));
  EXPECT_NE(refused.error().message().find("me@b"), std::string::npos);
}

TEST_F(LockingTest, ReleaseAndRefusalLeaveNothingBehind) {
  {
    auto lock = take("a", LockKind::exclusive);
  }
  EXPECT_TRUE(store_.objects().empty());
  auto lock = take("a", LockKind::exclusive);
  EXPECT_FALSE(take("b", LockKind::shared));
  EXPECT_EQ(store_.objects().size(), 1U);
}

TEST_F(LockingTest, ALockThatIsLeftStaysOnTheStorage) {
  auto lock = take("a", LockKind::shared);
  ASSERT_TRUE(lock);
  (*lock)->leave();
  lock->reset();
  EXPECT_EQ(store_.objects().size(), 1U);
  EXPECT_TRUE(take("b", LockKind::exclusive).failed_with(ErrorCode::locked));
}

TEST_F(LockingTest, WaitsUntilTheOtherLetsGo) {
  auto held = take("a", LockKind::exclusive);
  std::jthread releaser{[&] {
    std::this_thread::sleep_for(300ms);
    held->reset();
  }};
  EXPECT_TRUE(take("b", LockKind::exclusive, 30s));
}

TEST_F(LockingTest, IgnoresAndRemovesStaleLocksOnly) {
  put(foreign(31min));
  EXPECT_TRUE(take("a", LockKind::exclusive));
  put(foreign(29min));
  EXPECT_TRUE(take("a", LockKind::shared).failed_with(ErrorCode::locked));
  EXPECT_EQ(*remove_locks(files_, system_clock(), owner("a"), Unlock::stale_only, {}), 1U);
  EXPECT_EQ(*remove_locks(files_, system_clock(), owner("a"), Unlock::all, {}), 1U);
  EXPECT_TRUE(take("a", LockKind::exclusive));
}

TEST_F(LockingTest, LockOfADeadProcessOfThisHostIsStale) {
  LockFile lock = foreign(0s);
  lock.hostname = "here";
  lock.pid = 1 << 30;  // above any pid
  EXPECT_TRUE(is_stale(lock, owner("here"), system_clock().now()));
  EXPECT_FALSE(is_stale(lock, owner("there"), system_clock().now()));
  lock.pid = getpid();
  EXPECT_FALSE(is_stale(lock, owner("here"), system_clock().now()));
}

TEST_F(LockingTest, EmptyLockFilesAreIgnored) {
  store_.objects()["locks/" + std::string(64, 'a')] = {};
  EXPECT_TRUE(take("a", LockKind::exclusive));
}

// Advances a clock until a condition holds, for the refresher's thread to catch up.
template <class Condition>
bool advance_until(ManualClock& clock, std::chrono::nanoseconds step, Condition condition) {
  for (int i = 0; i < 500 && !condition(); ++i) {
    clock.advance(step);
    std::this_thread::sleep_for(2ms);
  }
  return condition();
}

class RefreshTest : public LockingTest {
protected:
  std::unique_ptr<RepositoryLock> take_by_manual_clock() {
    std::optional<Result<std::unique_ptr<RepositoryLock>>> lock;
    std::atomic<bool> is_done = false;
    std::jthread taker{[&] {
      lock.emplace(acquire_lock(files_, clock_, owner("a"), LockKind::shared, 0s, {}));
      is_done = true;
    }};
    EXPECT_TRUE(advance_until(clock_, 100ms, [&] { return is_done.load(); }));
    taker.join();
    return std::move(**lock);
  }
  std::string only_lock() {
    std::string names;
    auto add = [&](const storage::ObjectInfo& info) -> Result<> {
      names += info.name;
      return {};
    };
    EXPECT_TRUE(store_.list("locks", add, {}));
    return names;
  }

  ManualClock clock_{Timestamp{std::chrono::seconds{1'700'000'000}}};
};

TEST_F(RefreshTest, WritesItselfAnewEveryFiveMinutes) {
  auto lock = take_by_manual_clock();
  const std::string before = only_lock();
  EXPECT_TRUE(advance_until(clock_, 1min, [&] {
    const std::string now = only_lock();
    return now.size() == before.size() && now != before;
  }));
  EXPECT_FALSE(lock->lost().stop_requested());
}

TEST_F(RefreshTest, IsLostWhenItCannotBeRefreshed) {
  storage::FaultyStore faulty{store_};
  const MasterKey key = MasterKey::random();
  const StoredFiles files{faulty, key, 2};
  std::optional<Result<std::unique_ptr<RepositoryLock>>> lock;
  std::atomic<bool> is_done = false;
  std::jthread taker{[&] {
    lock.emplace(acquire_lock(files, clock_, owner("a"), LockKind::shared, 0s, {}));
    is_done = true;
  }};
  ASSERT_TRUE(advance_until(clock_, 100ms, [&] { return is_done.load(); }));
  faulty.set_rule([](auto call, auto) -> std::optional<Error> {
    if (call != storage::FaultyStore::Call::save) return std::nullopt;
    return Error(ErrorCode::unavailable, "down");
  });
  EXPECT_TRUE(advance_until(clock_, 1min, [&] { return (**lock)->lost().stop_requested(); }));
}

}  // namespace
}  // namespace dmaas::engine
