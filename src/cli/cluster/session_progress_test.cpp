#include "cli/cluster/session_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Timestamp start = *parse_timestamp("2026-03-04T12:00:00Z");
constexpr std::int64_t mebibyte = 1 << 20;

api::BackupSession moving() {
  api::BackupSession session;
  session.status.phase = api::BackupPhase::moving;
  session.status.components = {{.name = "volume/a",
                                .storage = "dmaas-system/main",
                                .phase = api::ComponentPhase::moving,
                                .bytes_total = 100 * mebibyte,
                                .bytes_done = 25 * mebibyte,
                                .start_time = start},
                               {.name = "resources", .storage = "dmaas-system/main"}};
  return session;
}

TEST(SessionProgressTest, LineTellsBytesShareSpeedAndTimeLeft) {
  EXPECT_EQ(progress_line(moving(), start + std::chrono::seconds{5}),
            "Moving  25.0 %  25.000 MiB of 100.000 MiB, 5.000 MiB/s, 0:15 left, 0 of 2 components");
}

TEST(SessionProgressTest, LineOfAWaitingSessionTellsWhy) {
  api::BackupSession session;
  session.status.message = "waiting for session shop-1 of the same plan";
  EXPECT_EQ(progress_line(session, start), "Pending  waiting for session shop-1 of the same plan");
}

TEST(SessionProgressTest, PipeSeesPhasesAndEndsButNoProgress) {
  auto before = moving();
  auto after = moving();
  after.status.components[0].bytes_done = 50 * mebibyte;
  EXPECT_THAT(progress_changes(before, after), IsEmpty());
  after.status.components[0].phase = api::ComponentPhase::succeeded;
  after.status.components[0].bytes_added = 3 * mebibyte;
  EXPECT_THAT(progress_changes(before, after),
              ElementsAre("volume/a: stored, 3.000 MiB of 100.000 MiB are new"));
  EXPECT_THAT(progress_changes({}, moving()), ElementsAre("Moving"));
}

TEST(SessionProgressTest, PipeSeesWhatARestoreSaysOfEachStage) {
  api::RestoreSession before;
  before.status.stage = api::RestoreStage::preflight;
  auto after = before;
  after.status.stage = api::RestoreStage::restoring_backups;
  after.status.stages = {{.name = "Preflight", .message = "9 objects accepted"}};
  after.status.volumes = {{.claim = "data",
                           .namespace_name = "shop",
                           .phase = api::VolumePhase::succeeded,
                           .bytes_done = mebibyte}};
  EXPECT_THAT(progress_changes(before, after),
              ElementsAre("RestoringBackups", "Preflight: 9 objects accepted",
                          "claim shop/data: filled, 1.000 MiB"));
}

TEST(SessionProgressTest, ACopyTellsOfBytesAndOfEachBackup) {
  api::CopySession before;
  before.status.phase = api::CopyPhase::copying;
  before.status.start_time = start;
  before.status.backups = {{.snapshot = "shop-1"}, {.snapshot = "shop-2"}};
  before.status.bytes_total = 100 * mebibyte;
  before.status.bytes_read = 40 * mebibyte;
  auto after = before;
  after.status.backups[0].phase = api::BackupCopyPhase::succeeded;
  after.status.backups[0].copy = "shop-copy-1";
  EXPECT_THAT(progress_line(after, start + std::chrono::seconds{10}),
              HasSubstr("40.000 MiB of 100.000 MiB"));
  EXPECT_THAT(progress_line(after, start + std::chrono::seconds{10}), HasSubstr("1 of 2 backups"));
  EXPECT_THAT(progress_changes(before, after), ElementsAre("backup shop-1: copied: shop-copy-1"));
}

}  // namespace
}  // namespace dmaas::cli
