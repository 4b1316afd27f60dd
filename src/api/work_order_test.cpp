#include "api/work_order.hpp"

#include <gtest/gtest.h>

#include "base/yaml.hpp"

namespace dmaas::api {
namespace {

Json order_document() {
  return *parse_yaml(R"(
session: {kind: BackupSession, namespace: web, name: s, uid: u}
component: volume/data-0
task: backupVolume
repository: {url: "rest:https://gateway/a/b/c/", masterKey: c2VjcmV0}
snapshot: {time: "2026-01-02T03:04:05Z", hostname: east/web/mariadb, paths: [/volume/data-0], tags: [x], rereadAll: true}
volume: {path: /volume, mode: Block}
)");
}

TEST(WorkOrderTest, ComesBackEqual) {
  auto order = decode_work_order(order_document());
  ASSERT_TRUE(order) << order.error().message();
  EXPECT_EQ(order->task, MoverTask::backup_volume);
  EXPECT_EQ(order->volume->mode, VolumeMode::block);
  EXPECT_TRUE(order->snapshot->reread_all);
  EXPECT_EQ(order->memory_bytes, 512 << 20);
  EXPECT_EQ(to_json(*decode_work_order(to_json(*order))), to_json(*order));
}

TEST(WorkOrderTest, NamesThePartThatATaskCannotDoWithout) {
  for (auto [task, part] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"backupDump", "dump"},
           {"backupResources", "capture"},
           {"restoreVolume", "snapshotId"},
           {"restoreDump", "snapshotId"},
           {"restoreResources", "snapshotId"}}) {
    auto document = order_document();
    document.as_object()["task"] = task;
    auto order = decode_work_order(document);
    ASSERT_FALSE(order) << task;
    EXPECT_EQ(order.error().message(),
              "order." + std::string(part) + ": is required by task " + std::string(task));
  }
}

TEST(WorkOrderTest, KeepsTheKeyOutOfErrors) {
  auto document = order_document();
  document.at("repository").as_object().erase("url");
  auto order = decode_work_order(document);
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().message(), "order.repository.url: is required");
}

TEST(WorkOrderTest, CarriesResultsWithAFreeReport) {
  auto result = from_json<MoverResult>(
      *parse_json(R"({"outcome":"succeeded","bytes":7,"report":{"a":[1]}})"));
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(to_text(to_json(*result)), R"({"outcome":"succeeded","bytes":7,"report":{"a":[1]}})");
}

}  // namespace
}  // namespace dmaas::api
