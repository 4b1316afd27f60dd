#include "controller/space/space_need.hpp"

#include <gmock/gmock.h>

namespace dmaas::controller {
namespace {

using api::SpaceSource;
using std::chrono::hours;
using testing::HasSubstr;

constexpr Timestamp start{hours{24 * 20000}};
constexpr std::int64_t mebibyte = 1 << 20;

/// A backup of one volume, `age` hours old.
api::Snapshot backup_of(int age, std::int64_t bytes, std::int64_t added, std::int64_t fresh = 0) {
  api::Snapshot backup;
  backup.spec.time = start - hours{age};
  backup.status.components = {{.name = "volume/data",
                               .kind = api::ComponentKind::volume,
                               .bytes = bytes,
                               .bytes_added = added,
                               .bytes_new = fresh}};
  return backup;
}

const std::vector<ExpectedPart> data{{.name = "volume/data", .capacity = 100 * mebibyte}};

TEST(SpaceNeedTest, OfLaterBackupsIsWhatEarlierOnesAdded) {
  NeedFacts facts{.parts = data};
  facts.here.push_back(backup_of(100, 50 * mebibyte, 50 * mebibyte));
  for (int i = 1; i <= 10; ++i) facts.here.push_back(backup_of(i, 50 * mebibyte, i * mebibyte));
  auto need = estimate_need(facts);
  EXPECT_EQ(need.least, 5 * mebibyte) << "the median";
  EXPECT_EQ(need.most, 9 * mebibyte) << "the 90th percentile";
  EXPECT_THAT(need.source, HasSubstr("the last 10 backups"));
}

TEST(SpaceNeedTest, OfTheFirstBackupIsTheMeasuredSizeTimesItsCompression) {
  NeedFacts facts{.parts = data,
                  .elsewhere = {backup_of(5, 40 * mebibyte, 10 * mebibyte, 40 * mebibyte),
                                backup_of(1, 60 * mebibyte, 5 * mebibyte, 20 * mebibyte)}};
  auto need = estimate_need(facts);
  EXPECT_EQ(need.least, 15 * mebibyte);
  EXPECT_EQ(need.most, 15 * mebibyte);
  EXPECT_THAT(need.source, HasSubstr("newest backup elsewhere"));
}

TEST(SpaceNeedTest, WithoutKnownCompressionTheSizeIsOnlyABound) {
  auto need = estimate_need({.parts = data, .elsewhere = {backup_of(1, 60 * mebibyte, 5)}});
  EXPECT_EQ(need.least, 0);
  EXPECT_EQ(need.most, 60 * mebibyte);
  EXPECT_THAT(need.source, HasSubstr("at most"));
}

TEST(SpaceNeedTest, WithoutAnyBackupClaimsBoundIt) {
  auto need = estimate_need({.parts = {{.name = "volume/data", .capacity = mebibyte},
                                       {.name = "resources", .objects = 3}}});
  EXPECT_EQ(need.least, 0);
  EXPECT_EQ(need.most, mebibyte + 3 * 4096);
  EXPECT_EQ(need.source, "at most: what its claims can hold");
}

TEST(SpaceNeedTest, NothingBoundsADumpThatWasNeverMeasured) {
  auto need = estimate_need({.parts = {{.name = "dump/sql"}}});
  EXPECT_FALSE(need.most);
  EXPECT_EQ(need.source, "dumps were never measured");
}

TEST(SpaceNeedTest, AfterOneBackupNobodyKnowsWhatTheNextOneAdds) {
  auto need = estimate_need(
      {.parts = data, .here = {backup_of(1, 50 * mebibyte, 50 * mebibyte, 50 * mebibyte)}});
  EXPECT_EQ(need.least, 0);
  EXPECT_EQ(need.most, 50 * mebibyte);
}

TEST(SpaceNeedTest, AVolumeThatIsNewIsAddedWhole) {
  NeedFacts facts{.parts = data};
  facts.parts.push_back({.name = "volume/more", .capacity = 7 * mebibyte});
  for (int i = 1; i <= 3; ++i) facts.here.push_back(backup_of(i, 50 * mebibyte, mebibyte));
  auto need = estimate_need(facts);
  EXPECT_EQ(need.least, mebibyte);
  EXPECT_EQ(need.most, 8 * mebibyte);
}

TEST(SpaceVerdictTest, RefusesOnlyWhatMostLikelyDoesNotFit) {
  auto judge = [](std::int64_t least, std::optional<std::int64_t> most,
                  std::optional<std::int64_t> left) {
    return judge_need({.least = least, .most = most}, {SpaceSource::quota, 100, left});
  };
  EXPECT_EQ(judge(1, 5, 5), SpaceVerdict::sufficient);
  EXPECT_EQ(judge(1, 6, 5), SpaceVerdict::unknown);
  EXPECT_EQ(judge(6, 6, 5), SpaceVerdict::insufficient);
  EXPECT_EQ(judge(0, std::nullopt, 5), SpaceVerdict::unknown);
  EXPECT_EQ(judge(0, std::nullopt, 0), SpaceVerdict::insufficient) << "nothing at all is left";
  EXPECT_EQ(judge(6, 6, std::nullopt), SpaceVerdict::unknown);
}

TEST(SpaceConditionTest, CarriesNeedLeftAndTheirSourcesWhateverItSays) {
  SpaceNeed need{.least = mebibyte, .most = 2 * mebibyte, .source = "because"};
  auto verdict = [&](std::string storage, SpaceBound bound) {
    return StorageVerdict{std::move(storage), judge_need(need, bound), describe_check(need, bound)};
  };
  auto enough = verdict("s/a", {SpaceSource::quota, 10 * mebibyte, 3 * mebibyte});
  auto unknown = verdict("s/b", {});
  auto none = verdict("s/c", {SpaceSource::filesystem, 10 * mebibyte, 10});
  EXPECT_EQ(space_condition({enough}).status, api::ConditionStatus::yes);
  EXPECT_EQ(space_condition({enough, unknown}).status, api::ConditionStatus::unknown);
  auto refused = space_condition({enough, unknown, none});
  EXPECT_EQ(refused.status, api::ConditionStatus::no);
  EXPECT_EQ(refused.reason, "NotEnoughSpace");
  EXPECT_THAT(refused.message,
              HasSubstr("storage s/a: needs 2.0 MiB (because), left are 3.0 MiB (quota)"));
  EXPECT_THAT(refused.message, HasSubstr("left are an unknown amount (nothing tells)"));
  EXPECT_THAT(describe_refusal(none), HasSubstr("enlarge its file system"));
  EXPECT_THAT(describe_refusal(enough), HasSubstr("raise spec.quota"));
}

}  // namespace
}  // namespace dmaas::controller
