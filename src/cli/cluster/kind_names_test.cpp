#include "cli/cluster/kind_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/kinds.hpp"

namespace dmaas::cli {
namespace {

using ::testing::HasSubstr;

TEST(KindNamesTest, EveryWordOfAKindFindsIt) {
  for (auto word : {"plan", "plans", "Plans", "backupconfiguration", "backupconfigurations",
                    "bplan", "BackupConfiguration", "backupconfigurations.dmaas.io"}) {
    auto kind = find_kind(word);
    ASSERT_TRUE(kind) << word;
    EXPECT_EQ((*kind)->kind, "BackupConfiguration") << word;
  }
}

TEST(KindNamesTest, BackupsAreSnapshotsAndSessionsMakeThem) {
  EXPECT_EQ((*find_kind("backups"))->kind, "Snapshot");
  EXPECT_EQ((*find_kind("sessions"))->kind, "BackupSession");
  EXPECT_EQ((*find_kind("restores"))->kind, "RestoreSession");
}

TEST(KindNamesTest, WordsAreThoseOfOneKindOnly) {
  for (const auto* kind : api::all_kinds()) {
    EXPECT_EQ(*find_kind(singular_word(*kind)), kind);
    EXPECT_EQ(*find_kind(plural_word(*kind)), kind);
  }
}

TEST(KindNamesTest, UnknownKindListsTheKinds) {
  auto kind = find_kind("deployments");
  ASSERT_TRUE(kind.failed_with(ErrorCode::invalid_input));
  EXPECT_THAT(kind.error().message(), HasSubstr("storages, repositories, plans, sessions"));
}

TEST(KindNamesTest, NameMayFollowTheKindByASlash) {
  EXPECT_EQ((*parse_object_name("plan/shop", "")).name, "shop");
  EXPECT_EQ((*parse_object_name("plan", "shop")).name, "shop");
  EXPECT_TRUE(parse_object_name("plan/shop", "shop").failed_with(ErrorCode::invalid_input));
}

}  // namespace
}  // namespace dmaas::cli
