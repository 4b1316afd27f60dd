#include "controller/copying/copy_status.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::controller {
namespace {

using api::BackupCopyPhase;

const Timestamp noon = *parse_timestamp("2026-01-02T12:00:00Z");

api::CopySessionStatus two_backups() {
  api::CopySessionStatus status{.phase = api::CopyPhase::copying};
  status.backups = {{.snapshot = "new", .snapshot_id = "a"},
                    {.snapshot = "old", .snapshot_id = "b"}};
  return status;
}

TEST(CopyStatusTest, ProgressTellsOfBackupsAndBytes) {
  auto status = two_backups();
  take_progress(
      status,
      {.bytes_total = 200, .bytes_done = 50, .copied = {{.source_id = "a", .snapshot_id = "c"}}});
  EXPECT_EQ(status.progress, "25%, 1/2 backups");
  EXPECT_EQ(status.backups[0].phase, BackupCopyPhase::succeeded);
  EXPECT_EQ(status.backups[0].copied_id, "c");
  EXPECT_EQ(status.backups[1].phase, BackupCopyPhase::copying);
  EXPECT_TRUE(owes_snapshots(status));
  EXPECT_FALSE(is_all_done(status));
}

TEST(CopyStatusTest, EveryBackupCopiedIsASuccess) {
  auto status = two_backups();
  take_result(
      status,
      {.outcome = api::MoverOutcome::succeeded,
       .bytes = 2048,
       .bytes_added = 1024,
       .copied = {{.source_id = "a", .snapshot_id = "c"}, {.source_id = "b", .snapshot_id = "d"}}},
      noon);
  ASSERT_TRUE(is_all_done(status));
  finish_status(status, noon);
  EXPECT_EQ(status.phase, api::CopyPhase::succeeded);
  EXPECT_EQ(status.message, "copied 2 backups: 2.0 KiB read, 1.0 KiB of them new there");
}

TEST(CopyStatusTest, OneBackupThatFailsIsNamedAndTheOthersStay) {
  auto status = two_backups();
  take_result(status,
              {.outcome = api::MoverOutcome::failed,
               .message = "damaged",
               .copied = {{.source_id = "a", .message = "damaged"},
                          {.source_id = "b", .snapshot_id = "d"}}},
              noon);
  finish_status(status, noon);
  EXPECT_EQ(status.phase, api::CopyPhase::failed);
  EXPECT_EQ(status.message, "1 of 2 backups could not be copied, the first is new: damaged");
  EXPECT_EQ(status.backups[1].phase, BackupCopyPhase::succeeded);
}

TEST(CopyStatusTest, AMoverThatFailedMidwayEndsTheSessionWithItsReason) {
  auto status = two_backups();
  take_result(status, {.outcome = api::MoverOutcome::failed, .message = "the storage is full"},
              noon);
  EXPECT_TRUE(has_failed(status));
  finish_status(status, noon);
  EXPECT_EQ(status.message, "the storage is full");
  EXPECT_EQ(status.backups[0].phase, BackupCopyPhase::failed);
}

TEST(CopyStatusTest, ADeletedSessionIsCancelled) {
  auto status = two_backups();
  note_cancelled(status, noon);
  finish_status(status, noon);
  EXPECT_EQ(status.phase, api::CopyPhase::cancelled);
}

TEST(CopyStatusTest, NothingToCopyIsASuccess) {
  api::CopySessionStatus status;
  EXPECT_TRUE(is_all_done(status));
  finish_status(status, noon);
  EXPECT_EQ(status.phase, api::CopyPhase::succeeded);
  EXPECT_EQ(status.message, "nothing is missing there");
}

}  // namespace
}  // namespace dmaas::controller
