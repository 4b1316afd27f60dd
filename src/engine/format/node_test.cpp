#include "engine/format/node.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace dmaas::engine {
namespace {

// Values that stock restic wrote for such files.
TEST(NodeTest, ConvertsModesAsGoDoes) {
  EXPECT_EQ(go_mode_of(S_IFDIR | 0755), 2147484141U);
  EXPECT_EQ(go_mode_of(S_IFDIR | 01777), 2148532735U);
  EXPECT_EQ(go_mode_of(S_IFREG | 04755), 8389101U);
  EXPECT_EQ(go_mode_of(S_IFIFO | 0644), 33554852U);
  EXPECT_EQ(go_mode_of(S_IFLNK | 0777), 134218239U);
  EXPECT_EQ(go_mode_of(S_IFBLK | 0644), 67109284U);
  EXPECT_EQ(go_mode_of(S_IFCHR | 0644), 69206436U);
}

TEST(NodeTest, PermissionsSurviveTheRoundTrip) {
  for (std::uint32_t mode = 0; mode <= 07777; ++mode) {
    EXPECT_EQ(permissions_of(go_mode_of(S_IFREG | mode)), mode);
  }
}

TEST(NodeTest, FileTimeSplitsTimesBeforeTheEpoch) {
  const FileTime time = FileTime::of(Timestamp{std::chrono::nanoseconds{-1}});
  EXPECT_EQ(time.seconds, -1);
  EXPECT_EQ(time.nanoseconds, 999'999'999U);
  EXPECT_EQ(time.timestamp(), Timestamp{std::chrono::nanoseconds{-1}});
}

TEST(NodeTest, FileTimeOutsideOfTimestampsIsClamped) {
  EXPECT_EQ((FileTime{253'402'300'799, 0, 0}).timestamp(), Timestamp::max());
  EXPECT_EQ((FileTime{-62'167'219'200, 0, 0}).timestamp(), Timestamp::min());
}

TEST(NodeTest, FileTimesOfDifferentZonesAreEqualWhenTheInstantIs) {
  EXPECT_EQ((FileTime{5, 6, 60}), (FileTime{5, 6, 0}));
  EXPECT_LT((FileTime{5, 6, 60}), (FileTime{5, 7, 0}));
}

}  // namespace
}  // namespace dmaas::engine
