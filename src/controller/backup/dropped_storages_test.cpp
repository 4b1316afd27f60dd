#include "controller/backup/dropped_storages.hpp"

#include <gmock/gmock.h>

#include "controller/backup/backup_work.hpp"

namespace dmaas::controller {
namespace {

using api::ComponentPhase;
using testing::ElementsAre;

constexpr Timestamp now{};

api::BackupSessionStatus status_of(std::vector<std::string> storages) {
  api::BackupSessionStatus status{.phase = api::BackupPhase::moving};
  for (auto& storage : storages) {
    status.components.push_back({.name = "volume/data", .storage = storage});
    status.components.push_back({.name = "resources", .storage = storage});
    status.storages.push_back({.storage = std::move(storage)});
  }
  return status;
}

TEST(DroppedStoragesTest, TheSessionGoesOnWhileOneStorageIsLeft) {
  auto status = status_of({"s/a", "s/b"});
  status.components[0].phase = ComponentPhase::failed;
  status.components[0].message = "the gateway refused it";
  drop_failed_storages(status, now);
  EXPECT_TRUE(is_dropped(status, "s/a"));
  EXPECT_FALSE(is_dropped(status, "s/b"));
  EXPECT_FALSE(has_failed(status));
  EXPECT_THAT(describe_dropped(status),
              ElementsAre("not on storage s/a: volume/data: the gateway refused it"));
}

TEST(DroppedStoragesTest, WithoutTheLastOneItFails) {
  auto status = status_of({"s/a", "s/b"});
  drop_storage(status, "s/b", "full", now);
  drop_storage(status, "s/a", "silent", now);
  drop_storage(status, "s/a", "another reason", now);
  ASSERT_TRUE(has_failed(status));
  EXPECT_EQ(api::find_condition(status.conditions, api::condition::failed)->message, "silent");
}

TEST(DroppedStoragesTest, OnlyOtherStoragesCanBeAhead) {
  auto status = status_of({"s/a", "s/b"});
  EXPECT_FALSE(is_done_on_another(status, "s/b"));
  status.components[0].phase = ComponentPhase::succeeded;
  EXPECT_TRUE(is_done_on_another(status, "s/b"));
  EXPECT_FALSE(is_done_on_another(status, "s/a"));
  status.phase = api::BackupPhase::committing;
  EXPECT_FALSE(is_done_on_another(status, "s/b")) << "its resources are not stored yet";
  status.components[1].phase = ComponentPhase::succeeded;
  EXPECT_TRUE(is_done_on_another(status, "s/b"));
}

TEST(DroppedStoragesTest, LeavesOutWhatWasDropped) {
  auto status = status_of({"s/a", "s/b"});
  drop_storage(status, "s/a", "full", now);
  std::vector<api::BackupStorage> storages(2);
  storages[0].metadata.namespace_name = storages[1].metadata.namespace_name = "s";
  storages[0].metadata.name = "a";
  storages[1].metadata.name = "b";
  auto left = without_dropped(status, storages);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].metadata.name, "b");
}

}  // namespace
}  // namespace dmaas::controller
