#include "base/cron.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas {
namespace {

std::string next(std::string_view expression, std::string_view after, std::string_view zone = {}) {
  auto schedule = CronSchedule::parse(expression, zone);
  if (!schedule) return schedule.error().message();
  return format_seconds(schedule->next_after(*parse_timestamp(after)));
}

/// The next `count` times, to the minute, without the seconds.
std::string series(std::string_view expression, std::string_view after, std::string_view zone,
                   int count) {
  auto schedule = CronSchedule::parse(expression, zone);
  auto time = *parse_timestamp(after);
  std::string text;
  for (int i = 0; i < count; ++i) {
    time = schedule->next_after(time);
    text += (i > 0 ? " " : "") + format_seconds(time).substr(5, 11);
  }
  return text;
}

TEST(CronTest, FindsTheFirstTimeAfterAnother) {
  EXPECT_EQ(next("0 3 * * *", "2026-01-02T02:59:59Z"), "2026-01-02T03:00:00Z");
  EXPECT_EQ(next("0 3 * * *", "2026-01-02T03:00:00Z"), "2026-01-03T03:00:00Z");
  EXPECT_EQ(next("0 3 * * *", "2026-12-31T12:00:00Z"), "2027-01-01T03:00:00Z");
  EXPECT_EQ(next("* * * * *", "2026-01-02T02:59:59.5Z"), "2026-01-02T03:00:00Z");
}

TEST(CronTest, ReadsListsRangesStepsAndNames) {
  EXPECT_EQ(series("*/20 8,17 * * *", "2026-01-02T00:00:00Z", "", 7),
            "01-02T08:00 01-02T08:20 01-02T08:40 01-02T17:00 01-02T17:20 01-02T17:40 01-03T08:00");
  EXPECT_EQ(series("0 10-14/2 * * *", "2026-01-02T00:00:00Z", "", 4),
            "01-02T10:00 01-02T12:00 01-02T14:00 01-03T10:00");
  EXPECT_EQ(series("5/25 0 * * *", "2026-01-02T00:00:00Z", "", 3),
            "01-02T00:05 01-02T00:30 01-02T00:55");
  EXPECT_EQ(series("0 0 * * Mon-FRI", "2026-01-02T12:00:00Z", "", 2), "01-05T00:00 01-06T00:00");
  EXPECT_EQ(series("0 0 1 jan,JUL ?", "2026-01-02T12:00:00Z", "", 2), "07-01T00:00 01-01T00:00");
  EXPECT_EQ(next("0 0 * * 7", "2026-01-02T00:00:00Z"), "2026-01-04T00:00:00Z");
  EXPECT_EQ(next("0 0 * * 0", "2026-01-02T00:00:00Z"), "2026-01-04T00:00:00Z");
}

TEST(CronTest, KnowsShortcuts) {
  EXPECT_EQ(next("@hourly", "2026-01-02T02:30:00Z"), "2026-01-02T03:00:00Z");
  EXPECT_EQ(next("@daily", "2026-01-02T02:30:00Z"), "2026-01-03T00:00:00Z");
  EXPECT_EQ(next("@weekly", "2026-01-02T02:30:00Z"), "2026-01-04T00:00:00Z");
  EXPECT_EQ(next("@monthly", "2026-01-02T02:30:00Z"), "2026-02-01T00:00:00Z");
  EXPECT_EQ(next("@yearly", "2026-01-02T02:30:00Z"), "2027-01-01T00:00:00Z");
}

TEST(CronTest, TakesEitherDayWhenBothAreRestricted) {
  EXPECT_EQ(series("0 0 13 * fri", "2026-01-01T00:00:00Z", "", 4),
            "01-02T00:00 01-09T00:00 01-13T00:00 01-16T00:00");
  EXPECT_EQ(series("0 0 */2 * *", "2026-01-01T12:00:00Z", "", 2), "01-03T00:00 01-05T00:00");
}

TEST(CronTest, FindsLeapDays) {
  EXPECT_EQ(next("0 0 29 2 *", "2026-01-01T00:00:00Z"), "2028-02-29T00:00:00Z");
  EXPECT_EQ(next("0 0 29 2 *", "2096-03-01T00:00:00Z"), "2104-02-29T00:00:00Z");
}

TEST(CronTest, FollowsTheTimeZone) {
  EXPECT_EQ(next("0 3 * * *", "2026-01-10T00:00:00Z", "Europe/Berlin"), "2026-01-10T02:00:00Z");
  EXPECT_EQ(next("0 3 * * *", "2026-07-10T00:00:00Z", "Europe/Berlin"), "2026-07-10T01:00:00Z");
  EXPECT_EQ(next("30 0 * * *", "2026-07-10T00:00:00Z", "Asia/Kolkata"), "2026-07-10T19:00:00Z");
  EXPECT_EQ(next("0 23 * * mon", "2026-07-10T00:00:00Z", "America/Los_Angeles"),
            "2026-07-14T06:00:00Z");
}

// Berlin goes from 02:00 to 03:00 at 2026-03-29T01:00Z and from 03:00 back to 02:00 at
// 2026-10-25T01:00Z.
TEST(CronTest, RunsASkippedTimeAtTheMomentOfTheChange) {
  EXPECT_EQ(series("30 2 * * *", "2026-03-28T00:00:00Z", "Europe/Berlin", 3),
            "03-28T01:30 03-29T01:00 03-30T00:30");
}

TEST(CronTest, RunsSeveralSkippedTimesOnce) {
  EXPECT_EQ(series("0,15,30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin", 2),
            "03-29T01:00 03-30T00:00");
}

TEST(CronTest, RunsARepeatedTimeTheFirstTimeOnly) {
  EXPECT_EQ(series("30 2 * * *", "2026-10-24T12:00:00Z", "Europe/Berlin", 2),
            "10-25T00:30 10-26T01:30");
}

TEST(CronTest, FollowsElapsedTimeWhenEveryHourIsMeant) {
  EXPECT_EQ(series("30 * * * *", "2026-10-24T23:45:00Z", "Europe/Berlin", 3),
            "10-25T00:30 10-25T01:30 10-25T02:30");
  EXPECT_EQ(series("30 * * * *", "2026-03-28T23:45:00Z", "Europe/Berlin", 3),
            "03-29T00:30 03-29T01:30 03-29T02:30");
}

TEST(CronTest, NamesTheWrongField) {
  EXPECT_EQ(next("60 * * * *", ""),
            "minute '60' does not fit: write values 0-59, lists, ranges or steps, such as *, 1-5 "
            "or */10");
  EXPECT_NE(next("* 24 * * *", "").find("hour '24'"), std::string::npos);
  EXPECT_NE(next("* * 0 * *", "").find("day of month"), std::string::npos);
  EXPECT_NE(next("* * * foo *", "").find("month 'foo'"), std::string::npos);
  EXPECT_NE(next("* * * * 8", "").find("day of week"), std::string::npos);
  EXPECT_NE(next("5-1 * * * *", "").find("minute"), std::string::npos);
  EXPECT_NE(next("*/0 * * * *", "").find("minute"), std::string::npos);
  EXPECT_NE(next("1,,2 * * * *", "").find("minute"), std::string::npos);
  EXPECT_NE(next("-5 * * * *", "").find("minute"), std::string::npos);
}

TEST(CronTest, RefusesWhatIsNoSchedule) {
  for (auto text :
       {"", "* * * *", "* * * * * *", "@every 1h", "@reboot", "CRON_TZ=UTC 0 3 * * *"}) {
    EXPECT_TRUE(CronSchedule::parse(text).failed_with(ErrorCode::invalid_input)) << text;
  }
  EXPECT_EQ(next("0 0 30 2 *", ""), "'0 0 30 2 *' never happens: the month has no such day");
}

TEST(CronTest, RefusesUnknownTimeZones) {
  EXPECT_EQ(next("@daily", "", "Berlin"),
            "'Berlin' is not a time zone; use a name such as Europe/Berlin");
  EXPECT_TRUE(
      CronSchedule::parse("@daily", "../../etc/passwd").failed_with(ErrorCode::invalid_input));
}

}  // namespace
}  // namespace dmaas
