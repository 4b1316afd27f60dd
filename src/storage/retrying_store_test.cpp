#include "storage/retrying_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "storage/memory_store.hpp"
#include "storage/retry.hpp"
#include "storage/testing/skipping_clock.hpp"

namespace dmaas::storage {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Passes on a part of what it does, then fails, as often as told.
class BreakingStore final : public ObjectStore {
public:
  MemoryStore inner;
  int failures = 0;
  ErrorCode code = ErrorCode::unavailable;
  enum class Saving { lost, stored } saving = Saving::lost;
  std::size_t pieces = 2;  // bytes of a load, objects of a listing before it breaks
  int calls = 0;

  std::string location() const override { return "breaking:"; }
  unsigned connections() const override { return 1; }
  Result<ObjectInfo> stat(std::string_view name, std::stop_token stop) override {
    if (breaks()) return fail(code, "broken");
    return inner.stat(name, stop);
  }
  Result<> load(std::string_view name, Range range, const Sink& sink,
                std::stop_token stop) override {
    if (!breaks()) return inner.load(name, range, sink, stop);
    TRY(inner.load(name, {range.offset, pieces}, sink, stop));
    return fail(code, "broken");
  }
  Result<> save(std::string_view name, ObjectSource& source, const SaveOptions& options,
                std::stop_token stop) override {
    const bool broken = breaks();
    if (broken && saving == Saving::lost) return fail(code, "broken");
    TRY(inner.save(name, source, options, stop));
    return broken ? fail(code, "broken") : Result<>{};
  }
  Result<> remove(std::string_view name, std::stop_token stop) override {
    if (breaks()) return fail(code, "broken");
    return inner.remove(name, stop);
  }
  Result<> list(std::string_view directory, const std::function<Result<>(const ObjectInfo&)>& each,
                std::stop_token stop) override {
    if (!breaks()) return inner.list(directory, each, stop);
    std::size_t delivered = 0;
    return inner.list(
        directory,
        [&](const ObjectInfo& info) -> Result<> {
          if (delivered++ == pieces) return fail(code, "broken");
          return each(info);
        },
        stop);
  }

private:
  bool breaks() {
    ++calls;
    return failures-- > 0;
  }
};

class RetryingStoreTest : public ::testing::Test {
protected:
  SkippingClock clock;
  std::shared_ptr<Throttle> throttle = std::make_shared<Throttle>();
  BreakingStore* inner = new BreakingStore;  // owned by `store`
  std::unique_ptr<ObjectStore> store =
      retrying(std::unique_ptr<ObjectStore>(inner), clock, throttle, 900s);

  void put(std::string_view name, std::string_view text) {
    ASSERT_TRUE(inner->inner.save_bytes(name, bytes_of(text), {}, {}));
  }
};

TEST_F(RetryingStoreTest, RepeatsWhatMaySucceedLater) {
  put("config", "x");
  inner->failures = 5;
  EXPECT_TRUE(store->stat("config", {}));
  EXPECT_EQ(inner->calls, 6);
  EXPECT_GT(clock.monotonic(), 7s);   // 0.5 + 1 + 2 + 4 + 8 seconds, halved at most
  EXPECT_LT(clock.monotonic(), 24s);  // and half as much again at least
}

TEST_F(RetryingStoreTest, DoesNotRepeatWhatAPersonMustCorrect) {
  for (const auto code : {ErrorCode::permission_denied, ErrorCode::corrupt, ErrorCode::exhausted}) {
    inner->calls = 0;
    inner->failures = 1;
    inner->code = code;
    EXPECT_TRUE(store->remove("config", {}).failed_with(code));
    EXPECT_EQ(inner->calls, 1);
  }
}

TEST_F(RetryingStoreTest, GivesUpWhenNothingHelpsForTheTimeLimit) {
  inner->failures = 1'000'000;
  auto result = store->remove("config", {});
  ASSERT_TRUE(result.failed_with(ErrorCode::unavailable));
  EXPECT_THAT(result.error().message(), HasSubstr("gave up after"));
  EXPECT_LE(clock.monotonic(), 900s);
  EXPECT_GE(clock.monotonic(), 800s);
}

TEST_F(RetryingStoreTest, GoesOnWhereALoadBroke) {
  put("config", "0123456789");
  inner->failures = 3;
  std::string loaded;
  auto sink = [&](BytesView piece) -> Result<> {
    loaded += text_of(piece);
    return {};
  };
  ASSERT_TRUE(store->load("config", {}, sink, {}));
  EXPECT_EQ(loaded, "0123456789");
  inner->failures = 3;
  loaded.clear();
  ASSERT_TRUE(store->load("config", {.offset = 1, .length = 8}, sink, {}));
  EXPECT_EQ(loaded, "12345678");
}

TEST_F(RetryingStoreTest, ProgressStartsTheTimeLimitAnew) {
  put("config", std::string(5'000, 'x'));
  inner->failures = 2'400;  // each delivers two bytes
  auto loaded = store->load_all("config", {});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->size(), 5'000);
}

TEST_F(RetryingStoreTest, AnErrorOfTheSinkIsFinal) {
  put("config", "0123456789");
  auto sink = [](BytesView) -> Result<> { return fail(ErrorCode::unavailable, "mine"); };
  auto result = store->load("config", {}, sink, {});
  EXPECT_EQ(result.error(), Error(ErrorCode::unavailable, "mine"));
  EXPECT_EQ(inner->calls, 1);
}

TEST_F(RetryingStoreTest, ListsEveryObjectOnceThoughTheListingBroke) {
  for (int i = 0; i < 9; ++i) put("keys/" + std::to_string(i), "x");
  inner->failures = 1;
  inner->pieces = 5;
  std::multiset<std::string> names;
  ASSERT_TRUE(store->list("keys",
                          [&](const ObjectInfo& info) -> Result<> {
                            names.insert(info.name);
                            return {};
                          },
                          {}));
  EXPECT_EQ(names.size(), 9);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 9);
}

TEST_F(RetryingStoreTest, SavesAgainFromTheStartOfTheSource) {
  inner->failures = 2;
  ASSERT_TRUE(store->save_bytes("config", bytes_of("text"), {}, {}));
  EXPECT_EQ(text_of(inner->inner.objects()["config"]), "text");
}

TEST_F(RetryingStoreTest, ACreateWhoseAnswerGotLostIsASuccess) {
  inner->failures = 1;
  inner->saving = BreakingStore::Saving::stored;
  EXPECT_TRUE(store->save_bytes("config", bytes_of("mine"), {.mode = SaveMode::create_only}, {}));
}

TEST_F(RetryingStoreTest, ACreateThatSomebodyElseWonIsNot) {
  put("config", "his!");
  inner->failures = 1;
  auto result = store->save_bytes("config", bytes_of("mine"), {.mode = SaveMode::create_only}, {});
  EXPECT_TRUE(result.failed_with(ErrorCode::already_exists));
}

TEST_F(RetryingStoreTest, WaitsAsLongAsTheServerAsked) {
  put("config", "x");
  throttle->pause_until(30s);
  ASSERT_TRUE(store->stat("config", {}));
  EXPECT_EQ(clock.monotonic(), 30s);
}

TEST_F(RetryingStoreTest, AStopRequestEndsTheWaiting) {
  inner->failures = 1;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(store->stat("config", stop.get_token()));
  EXPECT_EQ(inner->calls, 1);
}

TEST(RetryTest, PausesGrowToAMinuteAndAreSpread) {
  EXPECT_EQ(plan_pause(1, 0.5), 500ms);
  EXPECT_EQ(plan_pause(1, 0.0), 250ms);
  EXPECT_EQ(plan_pause(2, 0.5), 1s);
  EXPECT_EQ(plan_pause(7, 0.5), 32s);
  EXPECT_EQ(plan_pause(8, 0.5), 60s);
  EXPECT_EQ(plan_pause(1'000'000, 1.0), 90s);
}

TEST(RetryTest, UnderstandsRetryAfterInSecondsWithALimit) {
  EXPECT_EQ(parse_retry_after("7"), 7s);
  EXPECT_EQ(parse_retry_after("86400"), 300s);
  EXPECT_EQ(parse_retry_after("99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_retry_after(""), std::nullopt);
  EXPECT_EQ(parse_retry_after("Fri, 24 May 2013 00:00:00 GMT"), std::nullopt);
}

}  // namespace
}  // namespace dmaas::storage
