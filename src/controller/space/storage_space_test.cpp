#include "controller/space/storage_space.hpp"

#include <gmock/gmock.h>

namespace dmaas::controller {
namespace {

using api::SpaceSource;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr Timestamp start{hours{24 * 20000}};
constexpr std::int64_t mebibyte = 1 << 20;

api::BackupStorage storage_with(std::string quota, std::int64_t used) {
  api::BackupStorage storage;
  if (!quota.empty()) storage.spec.quota = Quantity{std::move(quota)};
  storage.status.space = api::StorageSpace{.time = start, .used_bytes = used};
  return storage;
}

api::Repository repository_at(std::string namespace_name, std::string path) {
  api::Repository repository;
  repository.metadata.namespace_name = std::move(namespace_name);
  repository.metadata.name = "r";
  repository.spec.path = std::move(path);
  return repository;
}

TEST(SpaceBoundTest, IsUnknownWithoutQuotaAndFileSystem) {
  auto bound = bound_of(storage_with("", 10), 0);
  EXPECT_EQ(bound.source, SpaceSource::unknown);
  EXPECT_FALSE(bound.left);
}

TEST(SpaceBoundTest, OfAQuotaCountsWhatCameSinceTheMeasurement) {
  auto bound = bound_of(storage_with("10Mi", 4 * mebibyte), mebibyte);
  EXPECT_EQ(bound.source, SpaceSource::quota);
  EXPECT_EQ(bound.capacity, 10 * mebibyte);
  EXPECT_EQ(bound.left, 5 * mebibyte);
  EXPECT_EQ(bound_of(storage_with("10Mi", 30 * mebibyte), 0).left, 0);
}

TEST(SpaceBoundTest, IsTheNarrowerOfQuotaAndFileSystem) {
  auto storage = storage_with("10Mi", 4 * mebibyte);
  storage.status.space->filesystem_bytes = 100 * mebibyte;
  storage.status.space->filesystem_free_bytes = 50 * mebibyte;
  EXPECT_EQ(bound_of(storage, 0).source, SpaceSource::quota);
  storage.status.space->filesystem_free_bytes = 2 * mebibyte;
  EXPECT_EQ(bound_of(storage, 0).source, SpaceSource::filesystem);
  EXPECT_EQ(bound_of(storage, 0).left, 2 * mebibyte);
}

TEST(SpaceBoundTest, ADirectoryThatWasNotMeasuredStillHasItsFileSystem) {
  auto storage = storage_with("1Mi", 0);
  storage.status.space->time.reset();
  EXPECT_FALSE(bound_of(storage, 0).left) << "what the repositories take is not known";
  storage.status.space->filesystem_bytes = 100;
  storage.status.space->filesystem_free_bytes = 50;
  EXPECT_EQ(bound_of(storage, 0).left, 50);
}

TEST(AddedSinceTest, CountsEndedSessionsByWhatTheyStoredAndRunningOnesByWhatTheyNeed) {
  auto session_that = [](api::BackupPhase phase, std::int64_t stored,
                         std::optional<Timestamp> end) {
    api::BackupSession session;
    session.status.phase = phase;
    session.status.completion_time = end;
    session.status.components = {{.name = "a", .storage = "s/m", .bytes_added = stored},
                                 {.name = "a", .storage = "s/other", .bytes_added = 1000}};
    session.status.storages = {{.storage = "s/m", .space = api::SpaceCheck{.need_bytes = 70}}};
    return session;
  };
  EXPECT_EQ(
      added_since({session_that(api::BackupPhase::succeeded, 5, start + seconds{1})}, "s/m", start),
      5);
  EXPECT_EQ(
      added_since({session_that(api::BackupPhase::failed, 5, start - seconds{1})}, "s/m", start),
      0);
  EXPECT_EQ(added_since({session_that(api::BackupPhase::moving, 5, {})}, "s/m", start), 70);
  EXPECT_EQ(added_since({session_that(api::BackupPhase::moving, 90, {})}, "s/m", start), 90);
  auto dropped = session_that(api::BackupPhase::moving, 5, {});
  dropped.status.storages[0].dropped = true;
  EXPECT_EQ(added_since({dropped}, "s/m", start), 5);
}

TEST(TakeSizesTest, SumsByNamespaceAndNamesTheLargestFirst) {
  api::StorageSpace space;
  take_sizes(
      space,
      {{"east/ns/shop/db", 30},
       {"east/ns/shop/web", 50},
       {"west/ns/x/y", 7},
       {"east/groups/team/all", 3}},
      {repository_at("shop", "east/ns/shop/db"), repository_at("shop", "east/ns/shop/web"),
       repository_at("team", "east/groups/team/all"), repository_at("reader", "east/ns/shop/db")},
      start);
  EXPECT_EQ(space.used_bytes, 90);
  EXPECT_EQ(space.foreign_bytes, 7);
  EXPECT_EQ(space.by_namespace, (std::map<std::string, std::int64_t>{{"shop", 80}, {"team", 3}}));
  ASSERT_EQ(space.largest.size(), 4u);
  EXPECT_EQ(space.largest[0], (api::RepositoryUse{"east/ns/shop/web", "shop/r", 50}));
  EXPECT_EQ(space.largest[2], (api::RepositoryUse{"west/ns/x/y", "", 7}));
}

TEST(TakeSizesTest, KeepsTheNamespacesThatHaveMost) {
  std::map<std::string, std::int64_t> sizes;
  std::vector<api::Repository> shown;
  for (int i = 0; i < 500; ++i) {
    auto name = "team-" + std::to_string(i);
    sizes["east/ns/" + name + "/all"] = i;
    shown.push_back(repository_at(name, "east/ns/" + name + "/all"));
  }
  api::StorageSpace space;
  take_sizes(space, sizes, shown, start);
  EXPECT_EQ(space.by_namespace.size(), api::StorageSpace::max_namespaces);
  EXPECT_EQ(space.by_namespace.count("team-499"), 1u);
  EXPECT_EQ(space.by_namespace.count("team-400"), 1u);
  EXPECT_EQ(space.by_namespace.count("team-399"), 0u);
}

TEST(TakeSizesTest, KeepsFewRepositoriesAndFewSamples) {
  std::map<std::string, std::int64_t> many;
  for (int i = 0; i < 1000; ++i) many["east/ns/a/" + std::to_string(i)] = i;
  api::StorageSpace space;
  for (int day = 0; day < 100; ++day) {
    take_sizes(space, many, {}, start + hours{24 * day});
    take_sizes(space, many, {}, start + hours{24 * day} + minutes{1});
  }
  EXPECT_EQ(space.largest.size(), api::StorageSpace::max_repositories);
  EXPECT_EQ(space.repositories, 1000);
  ASSERT_EQ(space.history.size(), api::StorageSpace::max_samples);
  EXPECT_EQ(space.history.back().time, start + hours{24 * 99});
}

TEST(MeasurementTest, IsDueAfterAChangeButNeverMoreThanAFiftiethOfTheTime) {
  api::StorageSpace space;
  EXPECT_TRUE(is_measurement_due(space, {}, start));
  space.time = start;
  EXPECT_FALSE(is_measurement_due(space, {}, start + minutes{5}));
  EXPECT_TRUE(is_measurement_due(space, {}, start + hours{1}));
  EXPECT_TRUE(is_measurement_due(space, start + seconds{1}, start + seconds{31}));
  EXPECT_FALSE(is_measurement_due(space, start + seconds{1}, start + seconds{29}));
  EXPECT_FALSE(is_measurement_due(space, start - seconds{1}, start + seconds{31}));
  space.measuring_seconds = 60;
  EXPECT_FALSE(is_measurement_due(space, start + seconds{1}, start + minutes{49}));
  EXPECT_TRUE(is_measurement_due(space, start + seconds{1}, start + minutes{50}));
  EXPECT_TRUE(is_measurement_due(space, {}, start - minutes{1})) << "the clock was set back";
}

api::StorageSpace history_of(std::vector<std::int64_t> used, std::chrono::nanoseconds step) {
  api::StorageSpace space;
  for (std::size_t i = 0; i < used.size(); ++i)
    space.history.push_back({start + step * static_cast<std::int64_t>(i), used[i]});
  return space;
}

TEST(ForecastTest, SaysNothingWithTooFewSamplesOrInTooShortATime) {
  EXPECT_FALSE(forecast_space(history_of({}, hours{6})));
  EXPECT_FALSE(forecast_space(history_of({1, 2}, hours{24})));
  EXPECT_FALSE(forecast_space(history_of({1, 2, 3}, hours{6})));
}

TEST(ForecastTest, FollowsTheStraightLine) {
  auto space = history_of({100, 200, 300, 400, 500}, hours{24});
  space.left_bytes = 1000;
  auto forecast = forecast_space(space);
  ASSERT_TRUE(forecast);
  EXPECT_EQ(forecast->growth_per_day, 100);
  EXPECT_EQ(forecast->days_until_full, 10);
  EXPECT_EQ(forecast->days_observed, 4);
}

TEST(ForecastTest, NamesNoDayWhenItShrinksOrNobodyKnowsWhatIsLeft) {
  auto shrinking = history_of({500, 400, 300}, hours{24});
  shrinking.left_bytes = 1000;
  EXPECT_EQ(forecast_space(shrinking)->growth_per_day, -100);
  EXPECT_FALSE(forecast_space(shrinking)->days_until_full);
  EXPECT_FALSE(forecast_space(history_of({100, 200, 300}, hours{24}))->days_until_full);
  auto slow = history_of({100, 101, 102}, hours{24});
  slow.left_bytes = 1'000'000;
  EXPECT_FALSE(forecast_space(slow)->days_until_full) << "in 2,700 years";
}

TEST(JudgeSpaceTest, WarnsOnceAtEachThreshold) {
  auto storage = storage_with("100Mi", 79 * mebibyte);
  EXPECT_FALSE(judge_space(storage, 0, start));
  const auto& conditions = storage.status.conditions;
  EXPECT_EQ(api::find_condition(conditions, "SpaceLow")->status, api::ConditionStatus::no);
  storage.status.space->used_bytes = 81 * mebibyte;
  EXPECT_TRUE(judge_space(storage, 0, start));
  EXPECT_FALSE(judge_space(storage, 0, start));
  EXPECT_TRUE(api::is_true(conditions, "SpaceLow"));
  EXPECT_THAT(api::find_condition(conditions, "SpaceLow")->message,
              HasSubstr("81.0 MiB of the quota of 100.0 MiB are used, 19.0 MiB are left"));
  EXPECT_THAT(api::find_condition(conditions, "SpaceLow")->message, HasSubstr("raise spec.quota"));
  EXPECT_TRUE(judge_space(storage, 15 * mebibyte, start)) << "96 %";
  storage.spec.quota->text = "1Gi";
  EXPECT_FALSE(judge_space(storage, 0, start));
  EXPECT_FALSE(api::is_true(conditions, "SpaceLow"));
  EXPECT_EQ(storage.status.space->summary, "943.0 MiB of 1.0 GiB left");
}

TEST(JudgeSpaceTest, SaysThatItDoesNotKnow) {
  auto storage = storage_with("", 5 * mebibyte);
  EXPECT_FALSE(judge_space(storage, 0, start));
  const auto* low = api::find_condition(storage.status.conditions, "SpaceLow");
  EXPECT_EQ(low->status, api::ConditionStatus::unknown);
  EXPECT_THAT(low->message, HasSubstr("set spec.quota"));
  EXPECT_EQ(storage.status.space->source, SpaceSource::unknown);
  EXPECT_EQ(storage.status.space->summary, "5.0 MiB used");
}

}  // namespace
}  // namespace dmaas::controller
