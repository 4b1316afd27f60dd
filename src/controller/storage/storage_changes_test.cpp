#include "controller/storage/storage_changes.hpp"

#include <gtest/gtest.h>

#include "api/backup_storage.hpp"

namespace dmaas::controller {
namespace {

api::BackupStorage storage_that_is(api::ConditionStatus ready) {
  api::BackupStorage storage;
  storage.metadata = {.name = "main", .namespace_name = "s", .generation = 1};
  storage.spec.backend.local = api::LocalBackend{"/srv"};
  api::set_condition(storage.status.conditions,
                     {.type = "Ready", .status = ready, .reason = "Reachable"}, Timestamp{});
  storage.status.space.emplace();
  return storage;
}

bool matters(const api::BackupStorage& before, const api::BackupStorage& after) {
  return changes_use({.object = std::make_shared<const Json>(api::encode(after)),
                      .previous = std::make_shared<const Json>(api::encode(before))});
}

TEST(StorageChangesTest, FiguresMatterToNobody) {
  auto before = storage_that_is(api::ConditionStatus::yes);
  auto after = before;
  after.status.space->used_bytes = 7;
  after.status.space->left_bytes = 5;
  EXPECT_FALSE(matters(before, after));
}

TEST(StorageChangesTest, ReadinessLittleSpaceAndTheSpecDo) {
  auto before = storage_that_is(api::ConditionStatus::yes);
  EXPECT_TRUE(matters(before, storage_that_is(api::ConditionStatus::no)));
  auto low = before;
  api::set_condition(low.status.conditions,
                     {.type = "SpaceLow", .status = api::ConditionStatus::yes}, Timestamp{});
  EXPECT_TRUE(matters(before, low));
  auto bounded = before;
  bounded.spec.quota = Quantity{"1Gi"};
  EXPECT_TRUE(matters(before, bounded));
}

TEST(StorageChangesTest, AStorageThatIsNewDoes) {
  auto storage =
      std::make_shared<const Json>(api::encode(storage_that_is(api::ConditionStatus::yes)));
  EXPECT_TRUE(changes_use({.object = storage, .previous = nullptr}));
}

}  // namespace
}  // namespace dmaas::controller
