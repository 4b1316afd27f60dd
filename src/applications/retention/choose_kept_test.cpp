#include "applications/retention/choose_kept.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace dmaas::applications {
namespace {

using std::chrono::hours;

/// `count` backups, one every `step`, the last one at `newest`.
std::vector<RetainedBackup> history(std::string_view newest, int count, hours step) {
  std::vector<RetainedBackup> backups;
  auto time = *parse_timestamp(newest);
  for (int i = 0; i < count; ++i) backups.push_back({fmt::format("b{}", i), time - i * step});
  return backups;
}

const Timestamp later = *parse_timestamp("2030-01-01T00:00:00Z");

/// "b0:daily+weekly b2:daily": what is kept, and by what.
std::string kept(std::vector<RetainedBackup> backups, const api::RetentionPolicySpec& policy,
                 Timestamp now = later) {
  std::string text;
  auto chosen = choose_kept(std::move(backups), policy, now);
  EXPECT_TRUE(chosen);
  for (const auto& backup : *chosen) {
    if (backup.kept_by.empty()) continue;
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", backup.name,
                        fmt::join(backup.kept_by, "+"));
  }
  return text;
}

TEST(ChooseKeptTest, KeepsTheNewestOfEachDay) {
  EXPECT_EQ(kept(history("2026-03-10T12:00:00Z", 8, hours{12}), {.daily = 3}),
            "b0:daily b2:daily b4:daily");
}

TEST(ChooseKeptTest, DaysBeginWhereThePolicySays) {
  // 23:30 UTC is the next day in Berlin, so both are of one day there.
  auto backups = history("2026-03-10T22:30:00Z", 2, hours{23});
  EXPECT_EQ(kept(backups, {.daily = 2}), "b0:daily b1:daily");
  backups = history("2026-03-10T20:30:00Z", 3, hours{21});  // 10th 20:30, 9th 23:30, 9th 02:30
  EXPECT_EQ(kept(backups, {.daily = 1, .time_zone = "Europe/Berlin"}), "b0:daily");
  EXPECT_EQ(kept(backups, {.daily = 2, .time_zone = "Europe/Berlin"}), "b0:daily b2:daily");
}

TEST(ChooseKeptTest, AgeIsMeasuredFromTheNewestBackupSoAPausedPlanLosesNothing) {
  api::RetentionPolicySpec three_days{.within = hours{72}};
  EXPECT_EQ(kept(history("2020-01-01T00:00:00Z", 6, hours{24}), three_days),
            "b0:within 72h b1:within 72h b2:within 72h b3:within 72h");
}

TEST(ChooseKeptTest, AnHourOfSummertimeDoesNotChangeAnAge) {
  // Clocks went forward on the 29th at 2:00 in Berlin.
  api::RetentionPolicySpec one_day{.within = hours{24}, .time_zone = "Europe/Berlin"};
  EXPECT_EQ(kept(history("2026-03-29T12:00:00Z", 3, hours{24}), one_day),
            "b0:within 24h b1:within 24h");
}

TEST(ChooseKeptTest, ABackupThatSeveralRulesKeepCountsForEach) {
  EXPECT_EQ(kept(history("2026-03-10T12:00:00Z", 40, hours{24}),
                 {.last = 1, .daily = 2, .weekly = 2, .monthly = 2}),
            "b0:last+daily+weekly+monthly b1:daily b2:weekly b10:monthly");
}

TEST(ChooseKeptTest, TheOldestStaysUntilTheHistoryIsLongEnough) {
  EXPECT_EQ(kept(history("2026-03-10T12:00:00Z", 10, hours{24}), {.monthly = 12}),
            "b0:monthly b9:monthly");
}

TEST(ChooseKeptTest, TheMinimumIsKeptWhateverTheRulesSay) {
  api::RetentionPolicySpec policy{.within = hours{1}, .minimum = 3};
  EXPECT_EQ(kept(history("2026-03-10T12:00:00Z", 5, hours{24}), policy),
            "b0:within 1h b1:minimum b2:minimum");
}

TEST(ChooseKeptTest, AnEmptyPolicyKeepsEverything) {
  EXPECT_EQ(kept(history("2026-03-10T12:00:00Z", 2, hours{24}), {}), "b0:no rule b1:no rule");
}

TEST(ChooseKeptTest, ABackupOfTheFutureIsKeptAndTakesNoOthersPlace) {
  auto now = *parse_timestamp("2026-03-10T12:00:00Z");
  auto backups = history("2026-03-10T12:00:00Z", 3, hours{24});
  backups.push_back({"ahead", now + hours{1000}});
  api::RetentionPolicySpec policy{.last = 1, .within = hours{24}, .minimum = 2};
  EXPECT_EQ(kept(backups, policy, now), "ahead:later than now b0:last+within 24h b1:within 24h");
  EXPECT_EQ(kept(backups, {.daily = 2}, now), "ahead:later than now b0:daily b1:daily");
}

TEST(ChooseKeptTest, RefusesAZoneThatDoesNotExist) {
  EXPECT_TRUE(choose_kept({}, {.daily = 1, .time_zone = "Mars/Base"}, later)
                  .failed_with(ErrorCode::invalid_input));
}

}  // namespace
}  // namespace dmaas::applications
