#include "controller/anomaly/unusual_data.hpp"

#include <gmock/gmock.h>

#include "controller/anomaly/held_retention.hpp"

namespace dmaas::controller {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Timestamp start{hours{24 * 20000}};
constexpr std::int64_t mebibyte = 1 << 20;

struct Figures {
  std::int64_t files = 0, bytes = 0, fresh = 0, added = 0;
};

api::Snapshot backup_of(int age, Figures figures,
                        api::ComponentKind kind = api::ComponentKind::volume) {
  api::Snapshot backup;
  backup.metadata.name = "b" + std::to_string(age);
  backup.spec.time = start - hours{age};
  backup.status.components = {{.name = "volume/data",
                               .kind = kind,
                               .bytes = figures.bytes,
                               .bytes_added = figures.added,
                               .bytes_new = figures.fresh,
                               .files = figures.files}};
  return backup;
}

/// A first backup and four with small changes, of data that compress to a third.
std::vector<api::Snapshot> usual() {
  std::vector<api::Snapshot> backups{
      backup_of(9, {1000, 90 * mebibyte, 90 * mebibyte, 30 * mebibyte})};
  for (int age = 5; age < 9; ++age)
    backups.push_back(backup_of(age, {1000, 90 * mebibyte, mebibyte, mebibyte / 3}));
  return backups;
}

TEST(UnusualDataTest, NothingIsUnusualWithoutAnEarlierBackup) {
  EXPECT_THAT(find_unusual(backup_of(0, {1, 1, 1, 1}), {}), IsEmpty());
}

TEST(UnusualDataTest, SmallChangesAreUsual) {
  EXPECT_THAT(find_unusual(backup_of(0, {900, 80 * mebibyte, 2 * mebibyte, mebibyte}), usual()),
              IsEmpty());
}

TEST(UnusualDataTest, HalfOfTheFilesMayGoButNotMore) {
  EXPECT_THAT(find_unusual(backup_of(0, {500, 90 * mebibyte, 0, 0}), usual()), IsEmpty());
  EXPECT_THAT(find_unusual(backup_of(0, {499, 90 * mebibyte, 0, 0}), usual()),
              ElementsAre("volume/data: 499 files are left of 1000"));
}

TEST(UnusualDataTest, FewLargeFilesCountByTheirBytes) {
  EXPECT_THAT(find_unusual(backup_of(0, {990, 20 * mebibyte, 0, 0}), usual()),
              ElementsAre("volume/data: 20.0 MiB are left of 90.0 MiB"));
}

TEST(UnusualDataTest, WhatIsRewrittenAndDoesNotCompressAnyMoreLooksEncrypted) {
  auto encrypted = backup_of(0, {1000, 90 * mebibyte, 90 * mebibyte, 90 * mebibyte});
  EXPECT_THAT(find_unusual(encrypted, usual()),
              ElementsAre(HasSubstr("90.0 MiB of 90.0 MiB are new and do not compress any more")));
}

TEST(UnusualDataTest, RewrittenDataThatCompressAsBeforeAreUsual) {
  EXPECT_THAT(
      find_unusual(backup_of(0, {1000, 90 * mebibyte, 90 * mebibyte, 31 * mebibyte}), usual()),
      IsEmpty());
}

TEST(UnusualDataTest, AFewNewPicturesAreUsual) {
  EXPECT_THAT(
      find_unusual(backup_of(0, {1001, 91 * mebibyte, 10 * mebibyte, 10 * mebibyte}), usual()),
      IsEmpty());
}

TEST(UnusualDataTest, WhatNeverCompressedTellsNothing) {
  std::vector<api::Snapshot> pictures{
      backup_of(9, {1000, 90 * mebibyte, 90 * mebibyte, 90 * mebibyte})};
  auto others = backup_of(0, {1000, 90 * mebibyte, 90 * mebibyte, 90 * mebibyte});
  EXPECT_THAT(find_unusual(others, pictures), IsEmpty());
}

TEST(UnusualDataTest, WhatIsSmallTellsNothing) {
  EXPECT_THAT(find_unusual(backup_of(0, {1, 10, 0, 0}), {backup_of(1, {9, 1000, 0, 0})}),
              IsEmpty());
}

TEST(UnusualDataTest, ObjectsOfTheApiMayGo) {
  auto kind = api::ComponentKind::resources;
  EXPECT_THAT(
      find_unusual(backup_of(0, {1, 10, 0, 0}, kind), {backup_of(1, {500, 100, 0, 0}, kind)}),
      IsEmpty());
}

TEST(UnusualDataTest, OnlyTheNewestFiveBackupsAreTheMeasure) {
  std::vector<api::Snapshot> backups;
  for (int age = 1; age <= 5; ++age) backups.push_back(backup_of(age, {100, mebibyte, 0, 0}));
  for (int age = 6; age <= 30; ++age) backups.push_back(backup_of(age, {1000, mebibyte, 0, 0}));
  EXPECT_THAT(find_unusual(backup_of(0, {90, mebibyte, 0, 0}), backups), IsEmpty());
}

TEST(HeldRetentionTest, NamesTheFirstBackupTheCauseAndTheCommand) {
  api::BackupConfiguration plan;
  plan.metadata.namespace_name = "shop";
  plan.metadata.name = "db";
  auto backup = backup_of(1, {});
  backup.status.conditions = {{.type = "DataLooksUnusual",
                               .status = api::ConditionStatus::yes,
                               .reason = "SuddenChange",
                               .message = "3 files are left of 1000"}};
  api::Conditions conditions;
  note_unusual(conditions, plan, {backup}, start);
  ASSERT_TRUE(api::is_true(conditions, "RetentionHeld"));
  EXPECT_THAT(api::find_condition(conditions, "DataLooksUnusual")->message,
              HasSubstr("backup b1: 3 files are left of 1000"));
  EXPECT_THAT(api::find_condition(conditions, "RetentionHeld")->message,
              HasSubstr("'dmaas accept db -n shop'"));
  note_unusual(conditions, plan, {}, start);
  EXPECT_THAT(conditions, IsEmpty());
}

TEST(HeldRetentionTest, ATimeThatIsNoneAcceptsNothing) {
  api::BackupConfiguration plan;
  EXPECT_FALSE(accepted_until(plan));
  plan.metadata.annotations["dmaas.io/accept-data"] = "all";
  EXPECT_FALSE(accepted_until(plan));
  plan.metadata.annotations["dmaas.io/accept-data"] = "2026-01-02T03:04:05Z";
  EXPECT_TRUE(accepted_until(plan));
}

}  // namespace
}  // namespace dmaas::controller
