#include "cli/cluster/object_table.hpp"

#include <gtest/gtest.h>

#include "api/repository.hpp"
#include "base/time_text.hpp"

namespace dmaas::cli {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp noon = *parse_timestamp("2026-03-04T12:00:00Z");

Json repository() {
  return *parse_json(R"({
    "apiVersion": "dmaas.io/v1alpha1", "kind": "Repository",
    "metadata": {"name": "shop-main", "namespace": "shop", "creationTimestamp": "2026-03-01T12:00:00Z"},
    "spec": {"storageRef": {"name": "main"}, "path": "east/ns/shop/shop"},
    "status": {"snapshotCount": 3, "lastBackupTime": "2026-03-04T11:15:00Z", "lastCheck": "Never",
               "conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]}})");
}

TEST(ObjectTableTest, ShowsThePrinterColumnsOfTheKind) {
  EXPECT_EQ(object_table(api::kind_info<api::Repository>(), {repository()}, {}, noon),
            "NAME       READY  STORAGE  PATH               BACKUPS  LAST BACKUP  CHECK  AGE\n"
            "shop-main  True   main     east/ns/shop/shop  3        45m          Never  3d\n");
}

TEST(ObjectTableTest, WideAndAllNamespacesAddColumns) {
  TableOptions options{TableOptions::Namespaces::show, TableOptions::Width::wide};
  auto text = object_table(api::kind_info<api::Repository>(), {repository()}, options, noon);
  EXPECT_TRUE(text.starts_with("NAMESPACE  NAME       READY")) << text;
  EXPECT_NE(text.find("OWNED"), std::string::npos) << text;
}

TEST(ObjectTableTest, WhatIsAbsentIsEmpty) {
  Json bare = JsonObject{{"metadata", {{"name", "a"}}}};
  EXPECT_EQ(column_value(bare, {"Ready", R"(.status.conditions[?(@.type=="Ready")].status)"}, noon),
            "");
  EXPECT_EQ(column_value(bare, {"Age", ".metadata.creationTimestamp", "date"}, noon), "");
}

TEST(ObjectTableTest, AgesReadAsThoseOfKubectl) {
  EXPECT_EQ(format_age(seconds{-5}), "0s");
  EXPECT_EQ(format_age(seconds{119}), "119s");
  EXPECT_EQ(format_age(seconds{192}), "3m12s");
  EXPECT_EQ(format_age(minutes{4}), "4m");
  EXPECT_EQ(format_age(minutes{45}), "45m");
  EXPECT_EQ(format_age(hours{3} + minutes{7}), "3h7m");
  EXPECT_EQ(format_age(hours{30}), "30h");
  EXPECT_EQ(format_age(days{3} + hours{2}), "3d2h");
  EXPECT_EQ(format_age(days{100}), "100d");
  EXPECT_EQ(format_age(days{800}), "2y70d");
}

}  // namespace
}  // namespace dmaas::cli
