#include "controller/backup/check_space.hpp"

#include <gmock/gmock.h>

#include "controller/backup/dropped_storages.hpp"

namespace dmaas::controller {
namespace {

using testing::HasSubstr;

constexpr Timestamp now{};
constexpr std::int64_t mebibyte = 1 << 20;

StorageVerdict verdict_of(std::string storage, std::int64_t left) {
  SpaceNeed need{.least = 5 * mebibyte, .most = 5 * mebibyte, .source = "measured"};
  SpaceBound bound{api::SpaceSource::quota, 100 * mebibyte, left};
  return {std::move(storage), judge_need(need, bound), describe_check(need, bound)};
}

api::BackupSessionStatus status_with(std::vector<std::string> storages) {
  api::BackupSessionStatus status{.phase = api::BackupPhase::resolving};
  for (auto& storage : storages) status.storages.push_back({.storage = std::move(storage)});
  return status;
}

TEST(CheckSpaceTest, AStorageWithoutRoomIsDroppedAndTheOthersGoOn) {
  auto status = status_with({"s/a", "s/b"});
  note_space(status, {verdict_of("s/a", mebibyte), verdict_of("s/b", 9 * mebibyte)}, now);
  EXPECT_TRUE(is_dropped(status, "s/a"));
  EXPECT_FALSE(is_dropped(status, "s/b"));
  EXPECT_FALSE(has_failed(status));
  EXPECT_THAT(status.storages[0].message,
              HasSubstr("needs 5.0 MiB (measured), left are 1.0 MiB (quota)"));
  EXPECT_EQ(status.storages[1].space->left_bytes, 9 * mebibyte);
  EXPECT_EQ(api::find_condition(status.conditions, "SpaceSufficient")->reason, "NotEnoughSpace");
}

TEST(CheckSpaceTest, WithoutRoomAnywhereTheSessionFails) {
  auto status = status_with({"s/a"});
  note_space(status, {verdict_of("s/a", 0)}, now);
  EXPECT_TRUE(has_failed(status));
  EXPECT_THAT(status.message, HasSubstr("not enough space"));
}

TEST(CheckSpaceTest, AStorageThatSaysItIsFullIsBelievedWhateverWasExpected) {
  auto status = status_with({"s/a"});
  note_space(status, {verdict_of("s/a", 9 * mebibyte)}, now);
  EXPECT_TRUE(api::is_true(status.conditions, "SpaceSufficient"));
  api::ComponentStatus component{.name = "volume/data", .storage = "s/a"};
  end_component(status, component,
                {.error_code = "exhausted", .message = "is full: raise its quota"}, now);
  const auto* found = api::find_condition(status.conditions, "SpaceSufficient");
  EXPECT_EQ(found->status, api::ConditionStatus::no);
  EXPECT_EQ(found->reason, "StorageFull");
  EXPECT_THAT(found->message, HasSubstr("s/a is full"));
}

}  // namespace
}  // namespace dmaas::controller
