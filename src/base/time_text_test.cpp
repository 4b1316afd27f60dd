#include "base/time_text.hpp"

#include <gtest/gtest.h>

namespace dmaas {
using namespace std::chrono_literals;

TEST(TimeTextTest, RoundTripsNanosecondsAndCutsTrailingZeros) {
  auto time = *parse_timestamp("2026-01-02T03:04:05.120300000Z");
  EXPECT_EQ(format_nanoseconds(time), "2026-01-02T03:04:05.1203Z");
  EXPECT_EQ(format_seconds(time), "2026-01-02T03:04:05Z");
  EXPECT_EQ(format_compact(time), "20260102-030405");
}

TEST(TimeTextTest, AppliesTheOffset) {
  EXPECT_EQ(format_seconds(*parse_timestamp("2026-01-02T00:30:00+01:00")), "2026-01-01T23:30:00Z");
}

TEST(TimeTextTest, RefusesWhatIsNotATime) {
  for (auto text :
       {"", "2026-01-02", "2026-13-02T00:00:00Z", "2026-01-02T00:00:00", "2026-01-02T25:00:00Z"}) {
    EXPECT_EQ(parse_timestamp(text).code(), ErrorCode::invalid_input) << text;
  }
}

TEST(TimeTextTest, ReadsDurationsAsGoWritesThem) {
  EXPECT_EQ(*parse_duration("1h30m"), 90min);
  EXPECT_EQ(*parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(*parse_duration("3d"), 72h);
  EXPECT_EQ(format_duration(5430s), "1h30m30s");
  for (auto text : {"", "5", "1x", "-1s", "h"}) {
    EXPECT_EQ(parse_duration(text).code(), ErrorCode::invalid_input) << text;
  }
}

}  // namespace dmaas
