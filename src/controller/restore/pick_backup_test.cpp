#include "controller/restore/pick_backup.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

class PickBackupTest : public testing::Test {
protected:
  static std::vector<BackupMoment> backups(std::initializer_list<std::string_view> times) {
    std::vector<BackupMoment> made;
    for (auto time : times)
      made.push_back({std::string(1, static_cast<char>('a' + made.size())) + "0000000123",
                      *parse_timestamp(time)});
    return made;
  }

  /// The first digit of the one that is picked, or the message of the error.
  std::string pick(const api::RestoreSource& wanted) const {
    auto picked = pick_backup(backups_, wanted, wanted.snapshot);
    return picked ? backups_[*picked].id.substr(0, 1) : picked.error().message();
  }

  std::vector<BackupMoment> backups_ =
      backups({"2026-11-22T10:00:00Z", "2026-11-23T00:00:00Z", "2026-11-23T12:00:00Z",
               "2026-11-23T23:30:00Z", "2026-11-25T08:00:00Z"});
};

TEST_F(PickBackupTest, LatestIsTheNewestUnlessATimeIsGiven) {
  EXPECT_EQ(pick({}), "e");
  EXPECT_EQ(pick({.before = *parse_timestamp("2026-11-24T00:00:00Z")}), "d");
  EXPECT_EQ(pick({.before = *parse_timestamp("2026-11-23T12:00:00Z")}), "c");
}

TEST_F(PickBackupTest, ADayHasAnOldestAndANewestBackup) {
  EXPECT_EQ(pick({.oldest_of = "2026-11-23"}), "b");
  EXPECT_EQ(pick({.latest_of = "2026-11-23"}), "d");
  EXPECT_EQ(pick({.oldest_of = "2026-11-25"}), "e");
}

TEST_F(PickBackupTest, ADayBelongsToItsTimeZone) {
  // 23:30 UTC is the next day in Berlin, and midnight UTC the evening before in New York.
  EXPECT_EQ(pick({.latest_of = "2026-11-23", .time_zone = "Europe/Berlin"}), "c");
  EXPECT_EQ(pick({.oldest_of = "2026-11-24", .time_zone = "Europe/Berlin"}), "d");
  EXPECT_EQ(pick({.latest_of = "2026-11-22", .time_zone = "America/New_York"}), "b");
}

TEST_F(PickBackupTest, ARunLeavesOutWhatOthersMade) {
  backups_[1].run = backups_[3].run = "full";
  EXPECT_EQ(pick({.run = "full"}), "d");
  EXPECT_EQ(pick({.before = *parse_timestamp("2026-11-23T12:00:00Z"), .run = "full"}), "b");
  EXPECT_EQ(pick({.oldest_of = "2026-11-23", .run = "full"}), "b");
  EXPECT_EQ(pick({.latest_of = "2026-11-25", .run = "full"}).substr(0, 38),
            "no backup of 2026-11-25 by run full: t");
  EXPECT_EQ(pick({.run = "logs"}).substr(0, 25), "no backup by run logs: th");
}

TEST_F(PickBackupTest, WhatIsNotThereIsAnsweredWithWhatThereIs) {
  EXPECT_EQ(pick({.oldest_of = "2026-11-24", .time_zone = "UTC"}),
            "no backup of 2026-11-24 in UTC: the repository holds 5 backups, the newest is "
            "e0000000 of 2026-11-25T08:00:00Z; by days: 2026-11-25, 2026-11-23 (3), 2026-11-22");
  EXPECT_EQ(pick({.before = *parse_timestamp("2026-01-01T00:00:00Z")}).substr(0, 47),
            "no backup of 2026-01-01T00:00:00Z or before: th");
  EXPECT_EQ(pick({.snapshot = "f"}).substr(0, 12), "no backup f:");
  backups_.clear();
  EXPECT_EQ(pick({}), "no backup latest: the repository holds no backup that can be read");
}

TEST_F(PickBackupTest, OfManyDaysOnlySomeAreListed) {
  backups_.clear();
  auto first = *parse_timestamp("2026-01-01T00:00:00Z");
  for (int day = 0; day < 14; ++day)
    backups_.push_back({"a0000000", first + std::chrono::hours{24 * day}});
  auto text = list_backups(backups_, "");
  EXPECT_NE(text.find("2026-01-14, 2026-01-13"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("2026-01-05, and 4 more days, the oldest 2026-01-01")) << text;
}

TEST_F(PickBackupTest, AnIdNeedsEnoughDigits) {
  EXPECT_EQ(pick({.snapshot = "c000"}), "c");
  backups_[4].id = backups_[0].id;
  EXPECT_EQ(pick({.snapshot = "a0"}), "more than one backup begins with a0: give more digits");
}

}  // namespace
}  // namespace dmaas::controller
