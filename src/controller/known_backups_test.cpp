#include "controller/known_backups.hpp"

#include <gtest/gtest.h>

#include "controller/testing/memory_world.hpp"

namespace dmaas::controller {
namespace {

TEST(KnownBackupsTest, ThoseThatCountComeWithoutTheirDocuments) {
  kube::FakeApiServer server;
  MemoryWorld memory{server};
  for (const auto* name : {"a", "b"}) {
    api::Snapshot backup;
    backup.metadata.namespace_name = "shop";
    backup.metadata.name = name;
    backup.spec.repository.name = name;
    backup.spec.snapshot_id = std::string(64, 'a');
    memory.snapshots.apply(api::encode(backup));
  }
  auto is_in_a = [](const Json& object) {
    return text_at(object, "spec", "repositoryRef", "name") == "a";
  };
  auto found = known_backups(memory.world, "shop", is_in_a);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.front().metadata.name, "a");
  EXPECT_TRUE(found.front().source.is_null());
  EXPECT_TRUE(known_backups(memory.world, "other", is_in_a).empty());
}

}  // namespace
}  // namespace dmaas::controller
