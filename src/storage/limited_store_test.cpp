#include "storage/limited_store.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <vector>

#include "crypto/random.hpp"
#include "storage/memory_store.hpp"
#include "storage/retrying_store.hpp"
#include "storage/testing/skipping_clock.hpp"

namespace dmaas::storage {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t mebibyte = 1 << 20;
constexpr TransferRates both_ways{.upload = mebibyte, .download = 2 * mebibyte};

class LimitedStoreTest : public ::testing::Test {
protected:
  std::unique_ptr<ObjectStore> open(const TransferRates& rates) {
    auto memory = std::make_unique<MemoryStore>();
    inner = memory.get();
    return limited(std::move(memory), rates, clock);
  }
  std::chrono::nanoseconds duration_of(const std::function<Result<>()>& call) {
    const auto begun = clock.monotonic();
    const auto done = call();
    EXPECT_TRUE(done) << done.error().message();
    return clock.monotonic() - begun;
  }

  SkippingClock clock;
  MemoryStore* inner = nullptr;  // owned by the store
  const Bytes content = crypto::random_bytes(mebibyte);
};

TEST_F(LimitedStoreTest, SavesAsSlowlyAsTheRateSays) {
  const auto store = open(both_ways);
  EXPECT_EQ(duration_of([&] { return store->save_bytes("config", content, {}, {}); }), 1s);
  EXPECT_TRUE(inner->objects()["config"] == content);
}

TEST_F(LimitedStoreTest, LoadsAsSlowlyAsTheRateSays) {
  const auto store = open(both_ways);
  inner->objects()["config"] = content;
  Bytes loaded;
  const Sink collect = [&](BytesView piece) -> Result<> {
    loaded.insert(loaded.end(), piece.begin(), piece.end());
    return {};
  };
  EXPECT_EQ(duration_of([&] { return store->load("config", {}, collect, {}); }), 500ms);
  EXPECT_TRUE(loaded == content);
}

TEST_F(LimitedStoreTest, PacesSavesInTwoStepsToo) {
  const auto store = open(both_ways);
  const auto save = [&]() -> Result<> {
    std::vector<std::unique_ptr<PendingSave>> saves;
    saves.push_back(TRY(store->begin_save("config", *source_of(content), {}, {})));
    return store->complete_saves(std::move(saves), {});
  };
  EXPECT_EQ(duration_of(save), 1s);
  EXPECT_TRUE(inner->objects()["config"] == content);
}

TEST_F(LimitedStoreTest, CountsOnlyThePartThatIsLoaded) {
  const auto store = open(both_ways);
  inner->objects()["config"] = content;
  const auto load = [&]() -> Result<> {
    TRY(store->load_range("config", 1'000, 128 << 10, {}));
    return {};
  };
  EXPECT_EQ(duration_of(load), 62'500us);
}

TEST_F(LimitedStoreTest, DeliversSteadilyInSmallPieces) {
  const auto store = open(both_ways);
  inner->objects()["config"] = content;  // which loads in one piece
  std::size_t received = 0;
  const Sink look = [&](BytesView piece) -> Result<> {
    received += piece.size();
    EXPECT_LE(piece.size(), 64u << 10);
    const std::chrono::duration<double> due{static_cast<double>(received) / (2.0 * mebibyte)};
    EXPECT_EQ(std::chrono::duration<double>(clock.monotonic()), due);
    return {};
  };
  ASSERT_TRUE(store->load("config", {}, look, {}));
  EXPECT_EQ(received, content.size());
}

TEST_F(LimitedStoreTest, ARateOfZeroIsNoLimit) {
  const auto upload_only = open({.upload = mebibyte});
  inner->objects()["config"] = content;
  ASSERT_TRUE(upload_only->load_all("config", {}));
  EXPECT_EQ(clock.monotonic(), 0s);
  const auto download_only = open({.download = mebibyte});
  ASSERT_TRUE(download_only->save_bytes("config", content, {}, {}));
  EXPECT_EQ(clock.monotonic(), 0s);
  const auto unlimited = open({});
  EXPECT_EQ(unlimited.get(), inner);
}

TEST_F(LimitedStoreTest, DoesNotDelayWhatMovesNoContent) {
  const auto store = open(both_ways);
  inner->objects()["config"] = content;
  EXPECT_EQ(store->stat("config", {})->size, content.size());
  ASSERT_TRUE(store->list("", [](const ObjectInfo&) { return Result<>(); }, {}));
  ASSERT_TRUE(store->remove("config", {}));
  EXPECT_EQ(clock.monotonic(), 0s);
  EXPECT_TRUE(inner->objects().empty());
}

TEST_F(LimitedStoreTest, ARepeatedSaveBeginsAtTheStartAndCountsAgain) {
  MemoryStore memory;
  auto faulty = std::make_unique<FaultyStore>(memory);
  int saves = 0;
  faulty->set_rule(
      [&](FaultyStore::Call call, std::string_view) -> std::optional<Error> {
        const bool fails = call == FaultyStore::Call::save && saves++ == 0;
        return fails ? std::optional(Error(ErrorCode::unavailable, "lost")) : std::nullopt;
      },
      FaultyStore::FailedSave::stored);
  const auto store = limited(retrying(std::move(faulty), clock, std::make_shared<Throttle>(), 900s),
                             both_ways, clock);
  ASSERT_TRUE(store->save_bytes("config", content, {}, {}));
  EXPECT_EQ(saves, 2);
  EXPECT_TRUE(memory.objects()["config"] == content);
  EXPECT_GE(clock.monotonic(), 2s);
}

TEST_F(LimitedStoreTest, AStopRequestEndsTheWaitingInBothDirections) {
  ManualClock still{Timestamp{}};  // nothing but the stop request ends a wait
  auto memory = std::make_unique<MemoryStore>();
  memory->objects()["config"] = content;
  const auto store = limited(std::move(memory), both_ways, still);
  const auto stopped = [](const std::function<Result<>(std::stop_token)>& call) {
    Result<> result;
    std::jthread caller{[&](std::stop_token stop) { result = call(stop); }};
    std::this_thread::sleep_for(5ms);  // it waits by now, or is refused at once: the same result
    caller.request_stop();
    caller.join();
    return result;
  };
  const auto saved =
      stopped([&](std::stop_token stop) { return store->save_bytes("keys/a", content, {}, stop); });
  EXPECT_TRUE(saved.failed_with(ErrorCode::cancelled));
  const Sink ignore = [](BytesView) { return Result<>(); };
  const auto loaded =
      stopped([&](std::stop_token stop) { return store->load("config", {}, ignore, stop); });
  EXPECT_TRUE(loaded.failed_with(ErrorCode::cancelled));
  EXPECT_TRUE(store->stat("keys/a", {}).failed_with(ErrorCode::not_found));
}

}  // namespace
}  // namespace dmaas::storage
