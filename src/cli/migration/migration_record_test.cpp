#include "cli/migration/migration_record.hpp"

#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {
namespace {

Json plan_with(const MigrationRecord* record) {
  Json plan = JsonObject{{"metadata", JsonObject{{"name", "shop"}, {"resourceVersion", "7"}}}};
  if (record != nullptr) {
    ensure_object(plan, "metadata")["annotations"] =
        JsonObject{{api::annotation::migration, to_canonical_text(to_json(*record))}};
  }
  return plan;
}

TEST(MigrationRecordTest, WhatIsWrittenIsReadBack) {
  MigrationRecord record{.standby_namespace = "dmaas-system",
                         .standby = "shop-migration",
                         .goal = MigrationGoal::rolled_back,
                         .workloads = {{.api_version = "apps/v1",
                                        .kind = "StatefulSet",
                                        .namespace_name = "shop",
                                        .name = "db",
                                        .replicas = 3}}};
  auto read = migration_of(plan_with(&record));
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_TRUE(*read);
  EXPECT_EQ(to_json(**read), to_json(record));
  EXPECT_FALSE(*migration_of(plan_with(nullptr)));
}

TEST(MigrationRecordTest, ThePlanIsPausedWhileTheApplicationIsStopped) {
  MigrationRecord running{.standby_namespace = "a", .standby = "b"};
  auto stopping = running;
  stopping.is_stopping = true;
  auto pause = *migration_patch(plan_with(&running), stopping);
  EXPECT_TRUE(flag_at(pause, "spec", "paused"));
  auto resume = *migration_patch(plan_with(&stopping), running);
  EXPECT_FALSE(flag_at(resume, "spec", "paused"));
  EXPECT_NE(find(resume, "spec", "paused"), nullptr);
  stopping.was_paused = true;
  EXPECT_TRUE(flag_at(*migration_patch(plan_with(&stopping), running), "spec", "paused"));
  EXPECT_EQ(find(*migration_patch(plan_with(&stopping), stopping), "spec"), nullptr);
}

TEST(MigrationRecordTest, TwoCommandsDoNotWriteOverEachOther) {
  MigrationRecord record{.standby_namespace = "a", .standby = "b"};
  auto patch = *migration_patch(plan_with(&record), record);
  EXPECT_EQ(text_at(patch, "metadata", "resourceVersion"), "7");
}

}  // namespace
}  // namespace dmaas::cli
