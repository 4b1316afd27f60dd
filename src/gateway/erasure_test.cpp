#include "gateway/erasure.hpp"

#include <gtest/gtest.h>

#include "storage/memory_store.hpp"

namespace dmaas::gateway {
namespace {

using storage::FaultyStore;

constexpr std::chrono::seconds patience{20};

std::string id_of(char digit) {
  return std::string(64, digit);
}

class ErasureTest : public testing::Test {
protected:
  ErasureTest() {
    fill("east/ns/shop/db");
    fill("east/ns/shop/db/inner");
    fill("east/ns/shop/db2");
    memory_.objects()["east/ns/shop/db/notes.txt"] = Bytes(1);
  }

  void fill(const std::string& path) {
    auto& objects = memory_.objects();
    objects[path + "/config"] = Bytes(1);
    objects[path + "/keys/" + id_of('1')] = Bytes(1);
    objects[path + "/snapshots/" + id_of('2')] = Bytes(1);
    objects[path + "/index/" + id_of('3')] = Bytes(1);
    objects[path + "/locks/" + id_of('4')] = Bytes(1);
    for (char digit = '0'; digit <= '9'; ++digit)
      objects[path + "/data/" + std::string(2, digit) + "/" + id_of(digit)] = Bytes(1);
  }

  std::size_t count_below(const std::string& path) {
    return static_cast<std::size_t>(std::ranges::count_if(
        memory_.objects(), [&](const auto& entry) { return entry.first.starts_with(path + "/"); }));
  }
  bool has(const std::string& name) { return memory_.objects().contains(name); }

  storage::MemoryStore memory_;
  ManualClock clock_{Timestamp{}};
};

constexpr std::size_t objects_of_one = 15;

TEST_F(ErasureTest, RemovesOneRepositoryAndNothingElse) {
  auto erasure = erase_repository(memory_, "east/ns/shop/db", clock_, patience, {});
  ASSERT_TRUE(erasure) << erasure.error().message();
  EXPECT_TRUE(erasure->is_done);
  EXPECT_EQ(erasure->removed, objects_of_one - 1);  // the config is not counted
  EXPECT_EQ(count_below("east/ns/shop/db/inner"), objects_of_one);
  EXPECT_EQ(count_below("east/ns/shop/db2"), objects_of_one);
  EXPECT_EQ(count_below("east/ns/shop/db"), objects_of_one + 1);
  EXPECT_TRUE(has("east/ns/shop/db/notes.txt"));
}

TEST_F(ErasureTest, WhatIsNotThereIsErased) {
  auto before = memory_.objects();
  auto erasure = erase_repository(memory_, "east/ns/shop", clock_, patience, {});
  ASSERT_TRUE(erasure) << erasure.error().message();
  EXPECT_TRUE(erasure->is_done);
  EXPECT_EQ(erasure->removed, 0U);
  EXPECT_EQ(memory_.objects(), before);
}

TEST_F(ErasureTest, ABrokenOffOneIsStillARepositoryWithoutBackups) {
  FaultyStore faulty{memory_};
  faulty.set_rule([](FaultyStore::Call call, std::string_view name) {
    bool fails = call == FaultyStore::Call::remove && name.find("/data/5") != name.npos;
    return fails ? std::optional(Error(ErrorCode::unavailable, "away")) : std::nullopt;
  });
  auto erasure = erase_repository(faulty, "east/ns/shop/db", clock_, patience, {});
  EXPECT_TRUE(erasure.failed_with(ErrorCode::unavailable));
  EXPECT_FALSE(has("east/ns/shop/db/snapshots/" + id_of('2')));
  EXPECT_TRUE(has("east/ns/shop/db/config"));
  EXPECT_TRUE(has("east/ns/shop/db/keys/" + id_of('1')));
  auto again = erase_repository(memory_, "east/ns/shop/db", clock_, patience, {});
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->is_done);
  EXPECT_FALSE(has("east/ns/shop/db/config"));
}

TEST_F(ErasureTest, WithoutTimeItIsNotDone) {
  auto erasure =
      erase_repository(memory_, "east/ns/shop/db", clock_, std::chrono::nanoseconds{0}, {});
  ASSERT_TRUE(erasure) << erasure.error().message();
  EXPECT_FALSE(erasure->is_done);
  EXPECT_EQ(erasure->removed, 0U);
  EXPECT_TRUE(has("east/ns/shop/db/config"));
}

TEST_F(ErasureTest, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  auto erasure = erase_repository(memory_, "east/ns/shop/db", clock_, patience, stop.get_token());
  EXPECT_FALSE(erasure);
  EXPECT_TRUE(has("east/ns/shop/db/config"));
}

}  // namespace
}  // namespace dmaas::gateway
